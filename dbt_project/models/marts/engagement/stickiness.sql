{%- set longest_window = ([366] + var('stickiness_window_days')) | max -%}
with gaps as (select *, {{ series_key() }} as series_key from {{ ref('activity_gaps') }}),

activities as (select * from {{ ref('activity_keys') }}),

windows as (select * from {{ ref('stickiness_windows') }}),

-- day by day: engines look up equal numbers, and sort for ranges
trailing_days as (
    select distinct
        windows.window_name,
        windows.window_start,
        {{ day_number('windows.window_start') }} + numbers.n as day_index
    from windows
    inner join {{ numbers(longest_window) }} as numbers
        on {{ day_diff('windows.window_start', 'windows.window_end') }} >= numbers.n
    where windows.window_name like 'trailing%'
),

lately as (
    select
        gaps.series_key, gaps.activity_key,
        trailing_days.window_name, trailing_days.window_start, count(*) as days_active
    from gaps
    inner join trailing_days on gaps.day_index = trailing_days.day_index
    group by
        gaps.series_key, gaps.activity_key,
        trailing_days.window_name, trailing_days.window_start
),

{% for period in ['week', 'month'] -%}
by_{{ period }} as (
    select
        series_key, activity_key,
        {{ period_of(period, 'day_index') }} as period_index, count(*) as days_active
    from gaps
    group by series_key, activity_key, {{ period_of(period, 'day_index') }}
),

{% endfor -%}
histograms as (
    select activity_key, window_name, window_start, days_active, count(*) as customers
    from lately
    group by activity_key, window_name, window_start, days_active
    {%- for period in ['week', 'month'] %}
    union all
    select
        counted.activity_key, 'calendar {{ period }}' as window_name,
        calendar.period_start as window_start, counted.days_active, counted.customers
    from (
        select activity_key, period_index, days_active, count(*) as customers
        from by_{{ period }}
        group by activity_key, period_index, days_active
    ) as counted
    inner join {{ ref('calendar_periods') }} as calendar
        on calendar.period = '{{ period }}' and counted.period_index = calendar.period_index
    {%- endfor %}
),

counts as (
    select activities.activity, histograms.*
    from histograms
    inner join activities on histograms.activity_key = activities.activity_key
),

spine as (
    select windows.*, numbers.n + 1 as days_active
    from windows
    inner join {{ numbers(longest_window) }} as numbers
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
