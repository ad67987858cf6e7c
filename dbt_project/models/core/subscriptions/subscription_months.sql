with as_of as (
    select * from {{ ref('as_of') }}
),

bounds as (
    select
        min(subscriptions.start_date) as first_date,
        as_of.as_of_date
    from {{ ref('stg_subscriptions') }} as subscriptions
    inner join as_of on subscriptions.start_date <= as_of.as_of_date
    where subscriptions.mrr > 0
    group by as_of.as_of_date
),

-- as many months as the rule "no row before 1990" can ever need
starts as (
    select
        {{ add_months(month_start('bounds.first_date'), 'numbers.n') }} as month,
        bounds.as_of_date
    from bounds
    inner join {{ numbers(1200) }} as numbers
        on
            numbers.n
            <= {{ month_number('bounds.as_of_date') }} - {{ month_number('bounds.first_date') }}
),

months as (
    select
        {{ month_number('month') }} as month_index,
        last_day(month) <= as_of_date as is_complete,
        month,
        cast(least(last_day(month), as_of_date) as date) as position_date
    from starts
)

select * from months
