with as_of as (
    select * from {{ ref('as_of') }}
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
        all_windows.window_name,
        all_windows.window_start >= as_of.history_starts_on
        and all_windows.window_end <= as_of.as_of_date as is_complete,
        all_windows.window_start,
        all_windows.window_end
    from all_windows
    cross join as_of
)

select * from windows
