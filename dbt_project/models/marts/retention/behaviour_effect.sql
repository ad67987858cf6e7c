{#- Shares differ within Newcombe's interval (1998, method 10), averages within Welch's. -#}
with groups as (
    select * from {{ ref('landmark_groups') }}
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
        outcome in ('ordered', 'active') as is_share
    from groups
),

spread as (
    select
        *,
        (member_error + other_error) * (member_error + other_error) / nullif(
            member_error * member_error / nullif(members - 1, 0)
            + other_error * other_error / nullif(others - 1, 0), 0
        ) as degrees
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
        cast(difference as double) as difference,
        cast(difference - case when is_share then below else welch end as double) as low,
        cast(difference + case when is_share then above else welch end as double) as high
    from compared
)

select * from behaviour_effect
