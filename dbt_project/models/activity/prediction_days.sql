with split as (
    select * from {{ ref('prediction_split') }}
),

days as (
    select
        customer_id, activity_date, revenue,
        min(activity_date) over (partition by customer_id) as first_order_date
    from {{ ref('customer_activity_days') }}
    where activity = 'order'
),

prediction_days as (
    select
        days.activity_date,
        count(*) as repeat_orders,
        {{ money('sum(days.revenue)') }} as repeat_revenue
    from days
    inner join split on days.first_order_date <= split.calibration_end_date
    where days.activity_date > days.first_order_date
    group by days.activity_date
)

select * from prediction_days
