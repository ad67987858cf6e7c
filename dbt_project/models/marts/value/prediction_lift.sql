with split as (
    select * from {{ ref('prediction_split') }}
),

histories as (
    select * from {{ ref('purchase_histories') }}
    where part = 'calibration'
),

forecasts as (
    select forecasts.*
    from {{ source('predictions', 'forecasts') }} as forecasts
    inner join split on forecasts.horizon_days = split.holdout_days
    where forecasts.part = 'calibration'
),

predicted as (
    select
        histories.later_orders,
        forecasts.expected_orders,
        forecasts.orders_low,
        forecasts.orders_high,
        ntile(10) over (
            order by forecasts.expected_orders desc, histories.customer_id asc
        ) as decile
    from histories
    inner join forecasts
        on
            histories.frequency = forecasts.frequency
            and histories.recency_days = forecasts.recency_days
            and histories.age_days = forecasts.age_days
),

summed as (
    select
        decile,
        count(*) as customers,
        sum(later_orders) as actual_orders,
        -- decimals, since doubles add up differently in another order
        sum(cast(expected_orders as decimal(18, 8))) as predicted_orders,
        count(*) filter (where later_orders between orders_low and orders_high)
            as covered_customers
    from predicted
    group by decile
),

prediction_lift as (
    select
        cast(decile as int) as decile,
        cast(customers as bigint) as customers,
        cast(covered_customers as bigint) as covered_customers,
        cast(actual_orders as bigint) as actual_orders,
        cast(predicted_orders as double) as predicted_orders,
        {{ ratio('actual_orders', 'customers') }} as actual_orders_mean,
        {{ ratio('predicted_orders', 'customers') }} as predicted_orders_mean,
        {{ ratio('actual_orders * sum(customers) over ()',
                 'customers * sum(actual_orders) over ()') }} as lift,
        {{ ratio('covered_customers', 'customers') }} as coverage
    from summed
)

select * from prediction_lift
