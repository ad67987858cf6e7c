with as_of as (
    select * from {{ ref('as_of') }}
),

activities as (
    select activity from {{ ref('activity_keys') }}
    where activity_key in (select days.activity_key from {{ ref('activity_days') }} as days)
),

missing as (
    select * from {{ ref('missing_activity_days') }}
),

trailing_windows as (
    {%- for n in ([7, 30] + var('stickiness_window_days')) | unique %}
    {{ 'union all' if not loop.first }}
    select
        'trailing_{{ n }}' as window_name,
        {{ add_days('as_of_date', 1 - n) }} as window_start,
        as_of_date as window_end
    from as_of
    {%- endfor %}
),

calendar_windows as (
    select
        'calendar ' || period as window_name,
        period_start as window_start,
        period_end as window_end
    from {{ ref('calendar_periods') }}
    where period in ('week', 'month')
),

all_windows as (
    select * from trailing_windows
    union all
    select * from calendar_windows
),

windows as (
    select
        activities.activity,
        all_windows.window_name,
        all_windows.window_start >= as_of.history_starts_on
        and all_windows.window_end <= as_of.as_of_date
        and count(missing.missing_date) = 0 as is_complete,
        all_windows.window_start,
        all_windows.window_end
    from all_windows
    cross join as_of
    cross join activities
    left join missing
        on
            activities.activity = missing.activity
            and missing.missing_date between all_windows.window_start and all_windows.window_end
    group by
        activities.activity, all_windows.window_name, all_windows.window_start,
        all_windows.window_end, as_of.history_starts_on, as_of.as_of_date
)

select * from windows
