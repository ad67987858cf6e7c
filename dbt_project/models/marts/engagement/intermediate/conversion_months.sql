with periods as (
    select * from {{ ref('calendar_periods') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

missing as (
    select * from {{ ref('missing_activity_days') }}
    where activity in ('session', 'order')
),

windows as (
    select
        is_complete,
        period_start as month,
        {{ add_days('period_end', (var('conversion_window_hours') + 23) // 24) }} as window_end
    from periods
    where period = 'month'
),

months as (
    select
        windows.is_complete
        and windows.window_end <= as_of.as_of_date
        and count(missing.missing_date) = 0 as is_complete,
        windows.month
    from windows
    cross join as_of
    left join missing on missing.missing_date between windows.month and windows.window_end
    group by windows.is_complete, windows.month, windows.window_end, as_of.as_of_date
)

select * from months
