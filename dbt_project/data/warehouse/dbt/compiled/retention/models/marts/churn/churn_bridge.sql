with churn as (
    select * from "build"."marts"."monthly_churn"
),

movements as (
    select * from "build"."intermediate"."churn_months"
),

months as (
    select
        churn.*,
        coalesce(movements.churned_joiners_returned, 0) as churned_joiners_returned,
        coalesce(movements.lost_returners, 0) as lost_returners
    from churn
    left join movements on churn.base = movements.base and churn.month = movements.month
),

steps as (
    
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        1 as step_number, 'churn_rate_of_start_and_new' as step,
        churned_customers as customers, opening_customers + new_customers as customers_at_risk,
        True as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        2 as step_number, 'joiners_leave_the_denominator' as step,
        0 as customers, -new_customers as customers_at_risk,
        False as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        3 as step_number, 'churn_rate' as step,
        churned_customers as customers, opening_customers as customers_at_risk,
        True as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        4 as step_number, 'ended_after_joining' as step,
        -churned_joiners as customers, 0 as customers_at_risk,
        False as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        5 as step_number, 'ended_before_a_return' as step,
        -churned_returners as customers, 0 as customers_at_risk,
        False as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        6 as step_number, 'churn_rate_net' as step,
        churned_customers - churned_joiners - churned_returners as customers, opening_customers as customers_at_risk,
        True as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        7 as step_number, 'joined_ended_and_returned' as step,
        churned_joiners_returned as customers, 0 as customers_at_risk,
        False as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        8 as step_number, 'returned_and_ended' as step,
        -lost_returners as customers, 0 as customers_at_risk,
        False as is_convention
    from months
    union all
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        9 as step_number, 'one_minus_customer_retention_rate' as step,
        lost_opening_customers as customers, opening_customers as customers_at_risk,
        True as is_convention
    from months
),

rated as (
    select
        *,
        case
            when not is_complete then null
            when is_convention then cast(cast(customers as double) / cast(nullif(customers_at_risk, 0) as double) as double)
            when customers_at_risk = 0 then cast(cast(customers as double) / cast(nullif(opening_customers, 0) as double) as double)
            else
                cast(cast(churned_customers as double) / cast(nullif(opening_customers, 0) as double) as double)
                - cast(cast(churned_customers as double) / cast(nullif(opening_customers + new_customers, 0) as double) as double)
        end as rate
    from steps
),

churn_bridge as (
    select
        base,
        step,
        cast(step_number as int) as step_number,
        cast(customers as bigint) as customers,
        cast(customers_at_risk as bigint) as customers_at_risk,
        cast(rate as double) as rate,
        is_convention,
        is_complete,
        month
    from rated
)

select * from churn_bridge