{#- Others are those won since the first invitation: the shop may have been another one before. -#}
with invitations as (
    select * from {{ ref('invitations') }}
),

customers as (
    select
        outcomes.*,
        case when referred.customer_id is null then 'others' else 'referred' end as customer_group
    from {{ ref('first_order_outcomes') }} as outcomes
    left join {{ ref('referred_customers') }} as referred
        on outcomes.customer_id = referred.customer_id
    where
        outcomes.first_order_date
        >= (select min(invitations.invitation_date) from invitations)
),

dealt as (
    select
        *,
        {{ dealt_group('customer_group') }} as sample_group
    from customers
    where revenue_is_observed
),

samples as (
    select
        customer_group,
        sample_group,
        count(*) as members,
        {{ money('sum(revenue)') }} as revenue
    from dealt
    group by customer_group, sample_group
),

{{ bootstrap_bounds('samples', ['customer_group'], 'revenue') }},

totals as (
    select
        customer_group,
        count(*) filter (where revenue_is_observed) as customers,
        sum(revenue) filter (where revenue_is_observed) as revenue,
        count(*) filter (where repeat_is_observed) as repeat_eligible_customers,
        count(*) filter (where repeat_is_observed and has_repeated) as repeat_customers
    from customers
    group by customer_group
),

rated as (
    select
        totals.*,
        {{ ratio('totals.revenue', 'totals.customers') }} as value_per_customer,
        bounds.value_low,
        bounds.value_high,
        {{ ratio('totals.repeat_customers', 'totals.repeat_eligible_customers') }} as rate_outcome,
        {{ wilson_low('totals.repeat_customers', 'totals.repeat_eligible_customers') }}
            as rate_low,
        {{ wilson_high('totals.repeat_customers', 'totals.repeat_eligible_customers') }}
            as rate_high
    from totals
    left join bounds on totals.customer_group = bounds.customer_group
),

{{ group_comparison('rated', 'referred', 'others', 'repeat_eligible_customers') }},

referral_effect as (
    select
        rated.customer_group,
        cast({{ var('referral_value_days') }} as int) as value_days,
        cast({{ var('churn_after_days') }} as int) as repeat_days,
        cast(rated.customers as bigint) as customers,
        rated.value_per_customer,
        rated.value_low,
        rated.value_high,
        cast(rated.repeat_eligible_customers as bigint) as repeat_eligible_customers,
        cast(rated.repeat_customers as bigint) as repeat_customers,
        rated.rate_outcome as repeat_rate,
        rated.rate_low,
        rated.rate_high,
        compared.rate_difference,
        compared.rate_difference_low,
        compared.rate_difference_high,
        compared.value_difference,
        compared.value_difference_low,
        compared.value_difference_high
    from rated
    left join compared on rated.customer_group = compared.customer_group
)

select * from referral_effect
