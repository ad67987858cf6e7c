with days as (select * from {{ ref('customer_activity_days') }}),

periods as (select * from {{ ref('customer_activity_periods') }}),

windows as (select * from {{ ref('stickiness_windows') }}),

lately as (
    select
        days.customer_id, days.activity, windows.window_name,
        windows.window_start, count(*) as days_active
    from days
    inner join windows
        on
            days.activity = windows.activity
            and windows.window_name like 'trailing%'
            and days.activity_date between windows.window_start and windows.window_end
    group by days.customer_id, days.activity, windows.window_name, windows.window_start
),

counts as (
    select activity, window_name, window_start, days_active, count(*) as customers
    from lately
    group by activity, window_name, window_start, days_active
    union all
    select
        periods.activity, 'calendar ' || periods.period as window_name,
        calendar.period_start as window_start, periods.days_active, count(*) as customers
    from periods
    inner join {{ ref('calendar_periods') }} as calendar
        on periods.period = calendar.period and periods.period_index = calendar.period_index
    where periods.period <> 'day'
    group by periods.activity, periods.period, calendar.period_start, periods.days_active
),

spine as (
    select windows.*, numbers.n + 1 as days_active
    from windows
    inner join {{ numbers(([366] + var('stickiness_window_days')) | max) }} as numbers
        on numbers.n < {{ day_diff('windows.window_start', 'windows.window_end') }} + 1
),

counted as (
    select spine.*, coalesce(counts.customers, 0) as customers
    from spine
    left join counts
        on
            spine.activity = counts.activity and spine.days_active = counts.days_active
            and spine.window_name = counts.window_name
            and spine.window_start = counts.window_start
),

histogram as (
    select
        *,
        sum(customers) over (
            partition by activity, window_name, window_start
            order by days_active desc rows unbounded preceding
        ) as customers_at_least,
        sum(customers * days_active) over (partition by activity, window_name, window_start)
            as all_days,
        sum(customers) over (partition by activity, window_name, window_start) as all_customers
    from counted
),

stickiness as (
    select
        activity,
        window_name as {{ quoted('window') }},
        cast(days_active as int) as days_active,
        cast(customers as bigint) as customers,
        cast(customers_at_least as bigint) as customers_at_least,
        {{ ratio('all_days', 'all_customers') }} as average_days_active,
        is_complete,
        window_start,
        window_end
    from histogram
)

select * from stickiness
