{#- The history of orders, cut in two at a whole number of weeks from its start. -#}
with orders as (
    select min(first_order_date) as first_order_date
    from {{ ref('customer_orders') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

spans as (
    select
        orders.first_order_date,
        as_of.as_of_date,
        {{ day_diff('orders.first_order_date', 'as_of.as_of_date') }} + 1 as history_days
    from orders
    cross join as_of
    where orders.first_order_date is not null
),

weeks as (
    select
        *,
        cast(floor(
            history_days * (1e0 - cast({{ var('prediction_holdout_share') }} as double)) / 7e0
            + 1e-9
        ) as int) as calibration_weeks
    from spans
),

split as (
    select
        calibration_weeks,
        cast(floor(history_days / 7e0) as int) as history_weeks,
        history_days - 7 * calibration_weeks as holdout_days,
        first_order_date,
        {{ add_days('first_order_date', '7 * calibration_weeks - 1') }} as calibration_end_date,
        as_of_date
    from weeks
)

select * from split
