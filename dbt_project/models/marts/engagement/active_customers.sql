{#- A customer is active in the trailing n days from an active day until n days after it. Only
    where a gap is wider than n does that stretch open or close, so counting gaps per day is
    enough: no day is ever spread over its n windows. -#}
{%- set windows = [7, 28, 30] -%}
{%- set named_windows = {'dau': 1, 'wau': 7, 'mau_28': 28, 'mau': 30} -%}
with gaps as (
    {{ in_segments('activity_gaps') }}
),

activities as (
    select * from {{ ref('activity_keys') }}
),

visitors as (
    select *, {{ neighbouring_days('anonymous_id, activity') }}
    from {{ ref('visitor_days') }}
),

calendar as (
    select period_start as calendar_date from {{ ref('calendar_periods') }}
    where period = 'day'
),

as_of as (
    select * from {{ ref('as_of') }}
),

missing as (
    select * from {{ ref('missing_activity_days') }}
),

-- visitors nobody ever identified are counted like a segment, and stand beside everybody in the end
active_days as (
    select activity_key, segment_name, segment_value, day_index, previous_index, next_index
    from gaps
    union all
    select
        activities.activity_key, 'visitors' as segment_name, 'never identified' as segment_value,
        visitors.day_index, visitors.previous_index, visitors.next_index
    from visitors
    inner join activities on visitors.activity = activities.activity
),

counted_changes as (
    select
        activity_key,
        segment_name,
        segment_value,
        count(*) as active,
        {%- for n in windows %}
        count(*) filter (where previous_index is null or day_index - previous_index > {{ n }})
            as opened_{{ n }},
        count(*) filter (where next_index is null or next_index - day_index > {{ n }})
            as closing_{{ n }},
        {%- endfor %}
        day_index
    from active_days
    group by activity_key, segment_name, segment_value, day_index
),

changes as (
    select
        counted_changes.*,
        activities.activity,
        {{ add_days("date '1970-01-01'", 'counted_changes.day_index') }} as activity_date
    from counted_changes
    inner join activities on counted_changes.activity_key = activities.activity_key
),

-- of each day, how long the history is that ends on it, and how far back a day is missing
known as (
    select
        activities.activity,
        {{ day_diff('as_of.history_starts_on', 'calendar.calendar_date') }} as days_known,
        min({{ day_diff('missing.missing_date', 'calendar.calendar_date') }}) as days_since_missing,
        as_of.last_day_is_partial and calendar.calendar_date = as_of.as_of_date as is_partial,
        calendar.calendar_date
    from (select distinct activity from changes) as activities
    cross join calendar
    cross join as_of
    left join missing
        on
            activities.activity = missing.activity
            and calendar.calendar_date
            between missing.missing_date and {{ add_days('missing.missing_date', 29) }}
    group by
        activities.activity, as_of.history_starts_on, as_of.last_day_is_partial,
        as_of.as_of_date, calendar.calendar_date
),

-- a trailing window is whole once the history fills it and no missing day lies in it
flags as (
    select
        activity,
        {%- for name, n in named_windows.items() %}
        days_known >= {{ n - 1 }} and coalesce(days_since_missing, {{ n }}) >= {{ n }}
        and not is_partial
            as {{ name }}_is_complete,
        {%- endfor %}
        calendar_date
    from known
),

spine as (
    select grains.activity, grains.segment_name, grains.segment_value, calendar.calendar_date
    from (
        select activity, segment_name, segment_value from changes
        union
        select activity, 'all' as segment_name, 'all' as segment_value from changes
    ) as grains
    cross join calendar
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

counted_visitors as (
    select * from counted
    where segment_name = 'visitors'
),

active_customers as (
    select
        counted.activity, counted.segment_name, counted.segment_value,
        cast(counted.dau as bigint) as dau,
        cast(counted.active_7 as bigint) as wau,
        cast(counted.active_28 as bigint) as mau_28,
        cast(counted.active_30 as bigint) as mau,
        {%- for name, column in {
            'dau': 'dau', 'wau': 'active_7', 'mau_28': 'active_28', 'mau': 'active_30'
        }.items() %}
        cast(case
            when counted.segment_name = 'all' then coalesce(counted_visitors.{{ column }}, 0)
        end as bigint) as {{ name }}_visitors,
        {%- endfor %}
        case when flags.mau_is_complete then {{ ratio('counted.dau', 'counted.active_30') }} end
            as stickiness,
        flags.dau_is_complete, flags.wau_is_complete, flags.mau_28_is_complete,
        flags.mau_is_complete,
        counted.calendar_date as activity_date
    from counted
    inner join flags
        on counted.activity = flags.activity and counted.calendar_date = flags.calendar_date
    left join counted_visitors
        on
            counted.activity = counted_visitors.activity
            and counted.calendar_date = counted_visitors.calendar_date
    where counted.segment_name <> 'visitors'
)

select * from active_customers
