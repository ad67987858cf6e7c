with as_of as (
    select * from {{ ref('as_of') }}
),

-- as many days as the rule "no row before 1990" can ever need
days as (
    select {{ add_days("date '1990-01-01'", 'numbers.n') }} as calendar_date
    from {{ numbers(36525) }} as numbers
),

calendar as (
    select
        days.calendar_date,
        {{ week_start('days.calendar_date') }} as week_start,
        {{ month_start('days.calendar_date') }} as month_start
    from days
    inner join as_of
        on days.calendar_date between as_of.first_date and as_of.as_of_date
),

starts as (
    select
        'day' as period,
        calendar_date as period_start,
        {{ day_number('calendar_date') }} as period_index,
        calendar_date as period_end
    from calendar
    union all
    select distinct
        'week' as period,
        week_start as period_start,
        {{ week_number('week_start') }} as period_index,
        {{ add_days('week_start', 6) }} as period_end
    from calendar
    union all
    select distinct
        'month' as period,
        month_start as period_start,
        {{ month_number('month_start') }} as period_index,
        cast(last_day(month_start) as date) as period_end
    from calendar
),

periods as (
    select
        starts.period,
        starts.period_index,
        case
            when starts.period_end > as_of.as_of_date then 'the period ends after as_of_date'
            when starts.period_end = as_of.as_of_date and as_of.last_day_is_partial
                then 'the last day was not delivered whole'
            when starts.period_end < as_of.history_starts_on
                then 'the period ends before history_starts_on'
        end as incomplete_reason,
        starts.period_start,
        starts.period_end
    from starts
    cross join as_of
),

told as (
    select
        period,
        period_index,
        incomplete_reason,
        incomplete_reason is null as is_complete,
        period_start,
        period_end
    from periods
)

select * from told
