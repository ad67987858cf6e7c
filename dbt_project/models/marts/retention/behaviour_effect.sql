{#- Shares differ within Newcombe's interval (1998, method 10), averages within Welch's. Of many
    comparisons those that stand out are told by Benjamini & Hochberg (1995), at 5 %. -#}
{%- set enough = 'least(members, others) >= ' ~ var('interval_min_customers') -%}
{%- set outcomes = ['ordered', 'active', 'orders', 'revenue'] -%}
with customers as (
    select * from {{ ref('landmark_customers') }}
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
        {%- for outcome in outcomes %}
        sum(customers.{{ outcome }}) as {{ outcome }}_total,
        sum(customers.{{ outcome }} * customers.{{ outcome }}) as {{ outcome }}_squares,
        {%- endfor %}
        count(*) as customers
    from behaved
    inner join customers on behaved.customer_id = customers.customer_id
    group by behaved.behaviour
),

sums as (
    {%- for outcome in outcomes %}
    {{ 'union all' if not loop.first }}
    select
        behaviour, '{{ outcome }}' as outcome, customers,
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

groups as (
    select
        behaviours.behaviour,
        everybody.outcome,
        coalesce(sums.customers, 0) as members,
        everybody.customers - coalesce(sums.customers, 0) as others,
        coalesce(sums.total, 0) as member_total,
        everybody.total - coalesce(sums.total, 0) as other_total,
        coalesce(sums.squares, 0) as member_squares,
        everybody.squares - coalesce(sums.squares, 0) as other_squares
    from behaviours
    cross join everybody
    left join sums
        on behaviours.behaviour = sums.behaviour and everybody.outcome = sums.outcome
),

measured as (
    select
        *,
        {%- for one in ['member', 'other'] %}
        {{ ratio(one ~ '_total', one ~ 's') }} as {{ one }}_value,
        {{ wilson_low(one ~ '_total', one ~ 's') }} as {{ one }}_low,
        {{ wilson_high(one ~ '_total', one ~ 's') }} as {{ one }}_high,
        {{ squared_error(one ~ '_total', one ~ '_squares', one ~ 's') }} as {{ one }}_error,
        {%- endfor %}
        cast(member_total + other_total as double) / nullif(members + others, 0) as pooled,
        outcome in ('ordered', 'active') as is_share
    from groups
),

spread as (
    select
        *,
        {{ welch_degrees('member_error', 'other_error', 'members', 'others') }} as degrees
    from measured
),

compared as (
    select
        *,
        member_value - other_value as difference,
        {{ t_quantile('degrees') }} * sqrt(member_error + other_error) as welch,
        sqrt(
            (member_value - member_low) * (member_value - member_low)
            + (other_high - other_value) * (other_high - other_value)
        ) as below,
        sqrt(
            (member_high - member_value) * (member_high - member_value)
            + (other_value - other_low) * (other_value - other_low)
        ) as above
    from spread
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
        case
            when has_enough
                then cast(difference - case when is_share then below else welch end as double)
        end as low,
        case
            when has_enough
                then cast(difference + case when is_share then above else welch end as double)
        end as high,
        p_value,
        -- the share of false ones among all that stand out as far or further
        min(p_value * comparisons / p_rank) over (
            order by p_rank desc rows between unbounded preceding and current row
        ) <= 0.05e0 as is_significant
    from ranked
)

select * from behaviour_effect
