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

measured as (
    select
        *,
        case when revenue_is_observed then {{ money('revenue') }} end as observed_revenue
    from customers
),

totals as (
    select
        customer_group,
        count(observed_revenue) as customers,
        coalesce(sum(observed_revenue), 0) as revenue,
        coalesce(sum(observed_revenue * observed_revenue), 0) as squares,
        count(*) filter (where repeat_is_observed) as repeat_eligible_customers,
        count(*) filter (where repeat_is_observed and has_repeated) as repeat_customers
    from measured
    group by customer_group
),

rated as (
    select
        customer_group,
        customers,
        {{ ratio('revenue', 'customers') }} as value_per_customer,
        {{ mean_bound('revenue', 'squares', 'customers', '-') }} as value_low,
        {{ mean_bound('revenue', 'squares', 'customers', '+') }} as value_high,
        {{ squared_error('revenue', 'squares', 'customers') }} as value_error,
        repeat_eligible_customers,
        repeat_customers,
        {{ ratio('repeat_customers', 'repeat_eligible_customers') }} as rate_outcome,
        {{ wilson_low('repeat_customers', 'repeat_eligible_customers') }} as rate_low,
        {{ wilson_high('repeat_customers', 'repeat_eligible_customers') }} as rate_high
    from totals
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
