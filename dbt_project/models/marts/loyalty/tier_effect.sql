{%- set keys = ['segment_name', 'segment_value'] -%}
with customers as (
    select * from {{ ref('landmark_tiers') }}
),

-- where many were told later, those who remain may be the ones who never rose
coverage as (
    select
        segment_name,
        count(*) filter (where segment_value is null) as told_later,
        count(*) filter (where segment_value is null)
        <= {{ var('tier_max_told_later') }} * count(*) as is_enough
    from customers
    group by segment_name
),

dealt as (
    select
        *,
        {{ dealt_group('segment_name', 'segment_value') }} as sample_group
    from customers
    where segment_value is not null
),

samples as (
    select
        segment_name,
        segment_value,
        sample_group,
        count(*) as members,
        count(*) filter (where is_retained) as retained_customers,
        {{ money('sum(revenue)') }} as revenue
    from dealt
    group by segment_name, segment_value, sample_group
),

tiers as (
    select
        segment_name,
        segment_value,
        sum(members) as tier_members
    from samples
    group by segment_name, segment_value
),

everybody as (
    select
        segment_name,
        sample_group,
        sum(members) as members,
        sum(retained_customers) as retained_customers,
        {{ money('sum(revenue)') }} as revenue
    from samples
    group by segment_name, sample_group
),

others as (
    select
        tiers.segment_name,
        tiers.segment_value,
        everybody.sample_group,
        everybody.members - coalesce(samples.members, 0) as members,
        everybody.retained_customers - coalesce(samples.retained_customers, 0)
            as retained_customers,
        {{ money('everybody.revenue - coalesce(samples.revenue, 0)') }} as revenue
    from tiers
    inner join everybody on tiers.segment_name = everybody.segment_name
    left join samples
        on
            tiers.segment_name = samples.segment_name
            and tiers.segment_value = samples.segment_value
            and everybody.sample_group = samples.sample_group
    where tiers.tier_members >= {{ var('interval_min_customers') }}
),

sides as (
    select *, 'tier' as customer_group from samples
    union all
    select *, 'others' as customer_group from others
    where members > 0
),

{{ bootstrap_bounds('sides', keys + ['customer_group'], 'revenue') }},

totals as (
    select
        segment_name,
        segment_value,
        customer_group,
        sum(members) as customers,
        sum(retained_customers) as retained_customers,
        sum(revenue) as revenue
    from sides
    group by segment_name, segment_value, customer_group
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
    left join bounds
        on
            totals.segment_name = bounds.segment_name
            and totals.segment_value = bounds.segment_value
            and totals.customer_group = bounds.customer_group
),

{{ group_comparison('rated', 'tier', 'others', 'customers', keys) }},

tier_effect as (
    select
        rated.segment_name,
        rated.segment_value,
        cast({{ var('landmark_day') }} as int) as landmark_day,
        cast({{ var('churn_after_days') }} as int) as outcome_days,
        cast(rated.customers as bigint) as customers,
        cast(coverage.told_later as bigint) as customers_told_later,
        cast(rated.retained_customers as bigint) as retained_customers,
        rated.rate_outcome as retention_rate,
        rated.rate_low,
        rated.rate_high,
        rated.value_per_customer,
        rated.value_low,
        rated.value_high,
        case when coverage.is_enough then compared.rate_difference end as rate_difference,
        case when coverage.is_enough then compared.rate_difference_low end as rate_difference_low,
        case when coverage.is_enough then compared.rate_difference_high end
            as rate_difference_high,
        case when coverage.is_enough then compared.value_difference end as value_difference,
        case when coverage.is_enough then compared.value_difference_low end
            as value_difference_low,
        case when coverage.is_enough then compared.value_difference_high end
            as value_difference_high
    from rated
    inner join coverage on rated.segment_name = coverage.segment_name
    left join compared
        on
            rated.segment_name = compared.segment_name
            and rated.segment_value = compared.segment_value
    where rated.customer_group = 'tier'
)

select * from tier_effect
