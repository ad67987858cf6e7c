with buyers as (
    select * from {{ ref('landmark_buyers') }}
    where exists (select 1 from {{ ref('loyalty_balances') }})
),

members as (
    select customer_id, first_movement from {{ ref('loyalty_balances') }}
),

customers as (
    select
        buyers.*,
        case
            when members.first_movement <= buyers.landmark_date then 'members'
            else 'others'
        end as customer_group
    from buyers
    left join members on buyers.customer_id = members.customer_id
),

dealt as (
    select
        *,
        {{ dealt_group('customer_group') }} as sample_group
    from customers
),

samples as (
    select
        customer_group,
        sample_group,
        count(*) as members,
        count(*) filter (where is_retained) as retained_customers,
        {{ money('sum(revenue)') }} as revenue
    from dealt
    group by customer_group, sample_group
),

{{ bootstrap_bounds('samples', ['customer_group'], 'revenue') }},

totals as (
    select
        customer_group,
        sum(members) as customers,
        sum(retained_customers) as retained_customers,
        sum(revenue) as revenue
    from samples
    group by customer_group
),

rated as (
    select
        totals.*,
        {{ ratio('totals.retained_customers', 'totals.customers') }} as rate_outcome,
        {{ wilson_low('totals.retained_customers', 'totals.customers') }} as rate_low,
        {{ wilson_high('totals.retained_customers', 'totals.customers') }} as rate_high,
        {{ ratio('totals.revenue', 'totals.customers') }} as value_per_customer,
        bounds.value_low,
        bounds.value_high
    from totals
    left join bounds on totals.customer_group = bounds.customer_group
),

{{ group_comparison('rated', 'members', 'others', 'customers') }},

loyalty_effect as (
    select
        rated.customer_group,
        cast({{ var('landmark_day') }} as int) as landmark_day,
        cast({{ var('churn_after_days') }} as int) as outcome_days,
        cast(rated.customers as bigint) as customers,
        cast(rated.retained_customers as bigint) as retained_customers,
        rated.rate_outcome as retention_rate,
        rated.rate_low,
        rated.rate_high,
        rated.value_per_customer,
        rated.value_low,
        rated.value_high,
        compared.rate_difference,
        compared.rate_difference_low,
        compared.rate_difference_high,
        compared.value_difference,
        compared.value_difference_low,
        compared.value_difference_high
    from rated
    left join compared on rated.customer_group = compared.customer_group
)

select * from loyalty_effect
