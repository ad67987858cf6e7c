{#- How many times as much a segment brought as the other values of the same name, who are other
    customers. The interval of a weighted mean is made of those of its parts: Zou & Donner (2008),
    Construction of confidence limits about effect measures, Statistics in Medicine 27(10). -#}
{%- set same_name = 'partition by segment_name, horizon_days' -%}
with segments as (
    select
        purchases.segment_name,
        intervals.*,
        intervals.members * intervals.mean_value as total,
        power(intervals.members * (intervals.mean_value - intervals.mean_low), 2) as below,
        power(intervals.members * (intervals.mean_high - intervals.mean_value), 2) as above
    from {{ ref('segment_value_intervals') }} as intervals
    inner join {{ ref('segment_purchases') }} as purchases on intervals.segment = purchases.segment
),

summed as (
    select
        *,
        sum(members) over ({{ same_name }}) - members as other_members,
        sum(total) over ({{ same_name }}) - total as other_total,
        sqrt(greatest(0e0, sum(below) over ({{ same_name }}) - below)) as other_below,
        sqrt(greatest(0e0, sum(above) over ({{ same_name }}) - above)) as other_above
    from segments
),

bounded as (
    select
        segment,
        horizon_days,
        members,
        other_members,
        mean_value as value,
        mean_low as low,
        mean_high as high,
        {{ ratio('other_total', 'other_members') }} as other_value,
        {{ ratio('other_total - other_below', 'other_members') }} as other_low,
        {{ ratio('other_total + other_above', 'other_members') }} as other_high
    from summed
),

compared as (
    select
        *,
        members >= {{ var('interval_min_customers') }}
        and other_members >= {{ var('interval_min_customers') }}
        and other_low > 0 and other_high < 2e0 * other_value as has_interval
    from bounded
),

-- a mean that may be 0 has no multiples
multiples as (
    select
        segment,
        horizon_days,
        cast(round(case when other_low > 0 then value / other_value end, 6) as double)
            as multiple,
        cast(round(
            case when has_interval then {{ ratio_bound('low', 'other_high', '-') }} end, 6
        ) as double) as multiple_low,
        cast(round(
            case when has_interval then {{ ratio_bound('high', 'other_low', '+') }} end, 6
        ) as double) as multiple_high
    from compared
)

select * from multiples
