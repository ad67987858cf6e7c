{%- set windows = [7, 28, 30] -%}
with changes as (select * from {{ ref('active_day_changes') }}),

spine as (
    select grains.activity, grains.segment_name, grains.segment_value, calendar.calendar_date
    from (select distinct activity, segment_name, segment_value from changes) as grains
    cross join {{ ref('calendar') }} as calendar
),

daily as (
    select
        activity, segment_name, segment_value, activity_date as change_date,
        {%- for n in windows %}
        opened_{{ n }} as change_{{ n }},
        {%- endfor %}
        active as dau
    from changes
    {%- for n in windows %}
    union all
    select
        activity, segment_name, segment_value, {{ add_days('activity_date', n) }} as change_date,
        {%- for other in windows %}
        {{ '-closing_' ~ n if other == n else 0 }} as change_{{ other }},
        {%- endfor %}
        0 as dau
    from changes
    {%- endfor %}
),

totals as (
    select
        activity, segment_name, segment_value, change_date,
        {%- for n in windows %}
        sum(change_{{ n }}) as change_{{ n }},
        {%- endfor %}
        sum(dau) as dau
    from daily
    group by activity, segment_name, segment_value, change_date
),

counted as (
    select
        spine.*,
        {%- for n in windows %}
        coalesce(sum(totals.change_{{ n }}) over (
            partition by spine.activity, spine.segment_name, spine.segment_value
            order by spine.calendar_date rows unbounded preceding
        ), 0) as active_{{ n }},
        {%- endfor %}
        coalesce(totals.dau, 0) as dau
    from spine
    left join totals
        on
            spine.activity = totals.activity and spine.calendar_date = totals.change_date
            and spine.segment_name = totals.segment_name
            and spine.segment_value = totals.segment_value
),

active_customers as (
    select
        counted.activity, counted.segment_name, counted.segment_value,
        cast(counted.dau as bigint) as dau,
        cast(counted.active_7 as bigint) as wau,
        cast(counted.active_28 as bigint) as mau_28,
        cast(counted.active_30 as bigint) as mau,
        case when flags.mau_is_complete then {{ ratio('counted.dau', 'counted.active_30') }} end
            as stickiness,
        flags.dau_is_complete, flags.wau_is_complete, flags.mau_28_is_complete,
        flags.mau_is_complete,
        counted.calendar_date as activity_date
    from counted
    inner join {{ ref('active_day_flags') }} as flags
        on counted.activity = flags.activity and counted.calendar_date = flags.activity_date
)

select * from active_customers
