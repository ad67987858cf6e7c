with months as (
    select * from {{ ref('churn_months') }}
),

spine as (
    select bases.base, calendar.period_start as month, calendar.is_complete
    from (select distinct base from months) as bases
    inner join {{ ref('calendar_periods') }} as calendar on calendar.period = 'month'
),

counted as (
    select
        spine.base,
        spine.month,
        spine.is_complete,
        coalesce(months.new_customers, 0) as new_customers,
        coalesce(months.reactivated_customers, 0) as reactivated_customers,
        coalesce(months.churned_customers, 0) as churned_customers,
        coalesce(months.churned_joiners, 0) as churned_joiners,
        coalesce(months.churned_returners, 0) as churned_returners,
        coalesce(months.lost_opening_customers, 0) as lost_opening_customers
    from spine
    left join months on spine.base = months.base and spine.month = months.month
),

running as (
    select
        *,
        sum(new_customers + reactivated_customers - churned_customers) over (
            partition by base order by month rows unbounded preceding
        ) as closing_customers
    from counted
),

balanced as (
    select
        *,
        closing_customers - new_customers - reactivated_customers + churned_customers
            as opening_customers,
        case
            when is_complete
                then closing_customers - new_customers - reactivated_customers + churned_customers
        end as at_risk
    from running
),

monthly_churn as (
    select
        base,
        cast(opening_customers as bigint) as opening_customers,
        cast(new_customers as bigint) as new_customers,
        cast(reactivated_customers as bigint) as reactivated_customers,
        cast(churned_customers as bigint) as churned_customers,
        cast(closing_customers as bigint) as closing_customers,
        cast(churned_joiners as bigint) as churned_joiners,
        cast(churned_returners as bigint) as churned_returners,
        cast(lost_opening_customers as bigint) as lost_opening_customers,
        {{ ratio('churned_customers', 'at_risk') }} as churn_rate,
        {{ wilson_low('churned_customers', 'at_risk') }} as churn_rate_low,
        {{ wilson_high('churned_customers', 'at_risk') }} as churn_rate_high,
        {{ ratio('churned_customers - churned_joiners - churned_returners', 'at_risk') }}
            as churn_rate_net,
        {{ ratio('churned_customers', 'at_risk + new_customers') }} as churn_rate_of_start_and_new,
        {{ wilson_low('churned_customers', 'at_risk + new_customers') }}
            as churn_rate_of_start_and_new_low,
        {{ wilson_high('churned_customers', 'at_risk + new_customers') }}
            as churn_rate_of_start_and_new_high,
        {{ ratio('at_risk - lost_opening_customers', 'at_risk') }} as customer_retention_rate,
        {{ wilson_low('at_risk - lost_opening_customers', 'at_risk') }}
            as customer_retention_rate_low,
        {{ wilson_high('at_risk - lost_opening_customers', 'at_risk') }}
            as customer_retention_rate_high,
        {{ ratio('closing_customers - new_customers', 'at_risk') }}
            as customer_retention_rate_textbook,
        is_complete,
        month
    from balanced
)

select * from monthly_churn
