with as_of as (
    select * from {{ ref('as_of') }}
),

-- as many days as the rule "no row before 1990" can ever ask for
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
)

select * from calendar
