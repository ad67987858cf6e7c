{#- A customer is active in the trailing n days from an active day until n days after it. Only
    where a gap is wider than n does that stretch open or close, so counting gaps per day is
    enough: no day is ever spread over its n windows. -#}
{%- set windows = [7, 28, 30] -%}
with periods as (
    {{ in_segments('customer_activity_periods') }}
),

days as (
    select
        activity,
        segment_name,
        segment_value,
        period_index - previous_index as days_before,
        next_index - period_index as days_after,
        {{ add_days("date '1970-01-01'", 'period_index') }} as activity_date
    from periods
    where period = 'day'
),

changes as (
    select
        activity,
        segment_name,
        segment_value,
        count(*) as active,
        {%- for n in windows %}
        count(*) filter (where days_before is null or days_before > {{ n }})
            as opened_{{ n }},
        count(*) filter (where days_after is null or days_after > {{ n }})
            as closing_{{ n }},
        {%- endfor %}
        activity_date
    from days
    group by activity, segment_name, segment_value, activity_date
)

select * from changes
