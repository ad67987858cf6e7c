{#- A customer is active in the trailing n days from an active day until n days after it. Only
    where a gap is wider than n does that stretch open or close, so counting gaps per day is
    enough: no day is ever spread over its n windows. -#}
{%- set windows = [7, 28, 30] -%}
with days as (
    select
        activity,
        customer_id,
        period_index - previous_index as days_before,
        next_index - period_index as days_after,
        {{ add_days("date '1970-01-01'", 'period_index') }} as activity_date
    from {{ ref('customer_activity_periods') }}
    where period = 'day'
),

changes as (
    select
        days.activity,
        segments.segment_name,
        segments.segment_value,
        count(*) as active,
        {%- for n in windows %}
        count(*) filter (where days.days_before is null or days.days_before > {{ n }})
            as opened_{{ n }},
        count(*) filter (where days.days_after is null or days.days_after > {{ n }})
            as closing_{{ n }},
        {%- endfor %}
        days.activity_date
    from days
    inner join {{ ref('customer_segments') }} as segments
        on days.customer_id = segments.customer_id
    group by
        days.activity,
        segments.segment_name,
        segments.segment_value,
        days.activity_date
)

select * from changes
