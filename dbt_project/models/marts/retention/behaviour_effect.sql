{#- Of many comparisons those that stand out are told by Benjamini & Hochberg (1995), at 5 %. -#}
{%- set enough = 'least(members, others) >= ' ~ var('interval_min_customers') -%}
{%- set outcomes = ['ordered', 'active', 'orders', 'revenue'] -%}
with customers as (
    select
        *,
        {{ dealt_group() }} as sample_group
    from {{ ref('landmark_customers') }}
),

days as (
    select * from {{ ref('customer_activity_days') }}
),

behaved as (
    select distinct
        customers.customer_id,
        days.activity as behaviour
    from days
    inner join customers
        on
            days.customer_id = customers.customer_id
            and days.activity_date <= customers.landmark_date
),

summed as (
    select
        behaved.behaviour,
        customers.sample_group,
        {%- for outcome in outcomes %}
        sum(customers.{{ outcome }}) as {{ outcome }}_total,
        sum(customers.{{ outcome }} * customers.{{ outcome }}) as {{ outcome }}_squares,
        {%- endfor %}
        count(*) as customers
    from behaved
    inner join customers on behaved.customer_id = customers.customer_id
    group by behaved.behaviour, customers.sample_group
),

sums as (
    {%- for outcome in outcomes %}
    {{ 'union all' if not loop.first }}
    select
        behaviour, '{{ outcome }}' as outcome, sample_group, customers,
        {{ outcome }}_total as total, {{ outcome }}_squares as squares
    from summed
    {%- endfor %}
),

behaviours as (
    select distinct activity as behaviour from days
    where activity <> 'any'
),

-- everybody did something on the first day; without orders there are none to compare
everybody as (
    select * from sums
    where
        behaviour = 'any'
        and (
            outcome = 'active'
            or exists (
                select 1 from behaviours
                where behaviours.behaviour = 'order'
            )
        )
),

dealt as (
    select
        behaviours.behaviour,
        everybody.outcome,
        everybody.sample_group,
        coalesce(sums.customers, 0) as members,
        everybody.customers - coalesce(sums.customers, 0) as others,
        coalesce(sums.total, 0) as member_total,
        everybody.total - coalesce(sums.total, 0) as other_total,
        coalesce(sums.squares, 0) as member_squares,
        everybody.squares - coalesce(sums.squares, 0) as other_squares
    from behaviours
    cross join everybody
    left join sums
        on
            behaviours.behaviour = sums.behaviour
            and everybody.outcome = sums.outcome
            and everybody.sample_group = sums.sample_group
),

samples as (
    {%- for one in ['member', 'other'] %}
    {{ 'union all' if not loop.first }}
    select
        behaviour, outcome, '{{ one }}' as side, sample_group,
        {{ one }}s as members, {{ one }}_total as total
    from dealt
    where outcome in ('orders', 'revenue') and {{ one }}s > 0
    {%- endfor %}
),

{{ bootstrap_bounds('samples', ['behaviour', 'outcome', 'side'], 'total') }},

averages as (
    select
        behaviour,
        outcome,
        max(case when side = 'member' then value_low end) as member_average_low,
        max(case when side = 'member' then value_high end) as member_average_high,
        max(case when side = 'other' then value_low end) as other_average_low,
        max(case when side = 'other' then value_high end) as other_average_high
    from bounds
    group by behaviour, outcome
),

groups as (
    select
        behaviour,
        outcome,
        outcome in ('ordered', 'active') as is_share,
        sum(members) as members,
        sum(others) as others,
        sum(member_total) as member_total,
        sum(other_total) as other_total,
        sum(member_squares) as member_squares,
        sum(other_squares) as other_squares
    from dealt
    group by behaviour, outcome
),

bounded as (
    select
        groups.*,
        averages.member_average_low,
        averages.member_average_high,
        averages.other_average_low,
        averages.other_average_high
    from groups
    left join averages
        on groups.behaviour = averages.behaviour and groups.outcome = averages.outcome
),

measured as (
    select
        *,
        {%- for one in ['member', 'other'] %}
        {{ ratio(one ~ '_total', one ~ 's') }} as {{ one }}_value,
        case
            when is_share then {{ wilson_low(one ~ '_total', one ~ 's') }}
            else {{ one }}_average_low
        end as {{ one }}_low,
        case
            when is_share then {{ wilson_high(one ~ '_total', one ~ 's') }}
            else {{ one }}_average_high
        end as {{ one }}_high,
        {{ squared_error(one ~ '_total', one ~ '_squares', one ~ 's') }} as {{ one }}_error,
        {%- endfor %}
        cast(member_total + other_total as double) / nullif(members + others, 0) as pooled
    from bounded
),

compared as (
    select
        *,
        member_value - other_value as difference,
        {{ difference_low('member', 'other', 'value') }} as low,
        {{ difference_high('member', 'other', 'value') }} as high,
        {{ welch_degrees('member_error', 'other_error', 'members', 'others') }} as degrees
    from measured
),

-- of shares by their common share, of averages by Welch's t
tested as (
    select
        *,
        {{ enough }} as has_enough,
        case
            when not {{ enough }} then null
            when is_share
                then difference
                    / sqrt(nullif(pooled * (1 - pooled), 0) * (1e0 / members + 1e0 / others))
            else {{ normal_of_t('(difference / sqrt(member_error + other_error))', 'degrees') }}
        end as deviation
    from compared
),

told as (
    select
        *,
        {{ two_sided_p('deviation') }} as p_value
    from tested
),

ranked as (
    select
        *,
        count(p_value) over () as comparisons,
        row_number() over (order by p_value nulls last, behaviour, outcome) as p_rank
    from told
),

behaviour_effect as (
    select
        behaviour,
        outcome,
        cast({{ var('landmark_day') }} as int) as landmark_day,
        cast({{ var('effect_horizon_days') }} as int) as horizon_days,
        cast(members as bigint) as members,
        cast(others as bigint) as others,
        member_value,
        other_value,
        case when has_enough then cast(difference as double) end as difference,
        case when has_enough then cast(low as double) end as low,
        case when has_enough then cast(high as double) end as high,
        p_value,
        -- the share of false ones among all that stand out as far or further
        min(p_value * comparisons / p_rank) over (
            order by p_rank desc rows between unbounded preceding and current row
        ) <= 0.05e0 as is_significant
    from ranked
)

select * from behaviour_effect
