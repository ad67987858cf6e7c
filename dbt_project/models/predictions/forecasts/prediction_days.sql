with split as (
    select * from {{ ref('prediction_split') }}
),

days as (
    select * from {{ ref('customer_activity_days') }}
    where activity = 'order'
),

customers as (
    select customers.customer_id, customers.first_order_date
    from {{ ref('customer_orders') }} as customers
    inner join split on customers.first_order_date <= split.calibration_end_date
),

prediction_days as (
    select
        days.activity_date,
        count(*) as repeat_orders,
        {{ money('sum(days.revenue)') }} as repeat_revenue
    from days
    inner join customers on days.customer_id = customers.customer_id
    where days.activity_date > customers.first_order_date
    group by days.activity_date
)

select * from prediction_days
