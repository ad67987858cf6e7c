with split as (
    select * from {{ ref('prediction_split') }}
),

days as (
    select * from {{ ref('prediction_days') }}
),

weeks as (
    select
        numbers.n as week_number,
        numbers.n >= split.calibration_weeks as is_holdout,
        {{ add_days('split.first_order_date', '7 * numbers.n + 6') }} as week_end
    from split
    inner join {{ numbers(5218) }} as numbers on split.history_weeks > numbers.n
),

counted as (
    select
        weeks.week_number,
        weeks.is_holdout,
        weeks.week_end,
        coalesce(sum(days.repeat_orders), 0) as repeat_orders
    from weeks
    left join days
        on
            {{ add_days('weeks.week_end', -6) }} <= days.activity_date
            and weeks.week_end >= days.activity_date
    group by weeks.week_number, weeks.is_holdout, weeks.week_end
),

predicted as (
    select * from {{ source('predictions', 'weeks') }}
),

prediction_tracking as (
    select
        cast(counted.week_number as int) as week_number,
        cast(sum(counted.repeat_orders) over (order by counted.week_number) as bigint)
            as actual_orders,
        predicted.expected_orders,
        predicted.predicted_orders,
        counted.is_holdout,
        counted.week_end
    from counted
    left join predicted on counted.week_number = predicted.week_number
)

select * from prediction_tracking
