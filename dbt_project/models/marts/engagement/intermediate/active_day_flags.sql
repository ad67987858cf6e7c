{#- A trailing window is whole once the history fills it and no missing day lies in it. -#}
{%- set windows = {'dau': 1, 'wau': 7, 'mau_28': 28, 'mau': 30} -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

calendar as (
    select * from {{ ref('calendar') }}
),

activities as (
    select distinct activity from {{ ref('active_day_changes') }}
),

missing as (
    select
        activity,
        missing_date
    from {{ ref('missing_activity_days') }}
),

days as (
    select
        activities.activity,
        {{ day_diff('as_of.history_starts_on', 'calendar.calendar_date') }} as days_known,
        min({{ day_diff('missing.missing_date', 'calendar.calendar_date') }}) as days_since_missing,
        calendar.calendar_date
    from activities
    cross join calendar
    cross join as_of
    left join missing
        on
            activities.activity = missing.activity
            and calendar.calendar_date
            between missing.missing_date and {{ add_days('missing.missing_date', 29) }}
    group by activities.activity, as_of.history_starts_on, calendar.calendar_date
),

flags as (
    select
        activity,
        {%- for name, n in windows.items() %}
        days_known >= {{ n - 1 }} and coalesce(days_since_missing, {{ n }}) >= {{ n }}
            as {{ name }}_is_complete,
        {%- endfor %}
        calendar_date as activity_date
    from days
)

select * from flags
