{#- What customers with an order or a refund bought, net of what they gave back. -#}
with orders as (
    {{ up_to_as_of('orders', 'order_date') }}
    where orders.customer_id is not null
),

refunds as (
    {{ up_to_as_of('refunds', 'refund_date') }}
    where refunds.customer_id is not null
),

ordered as (
    select
        customer_id,
        count(*) as orders,
        sum(amount) as amount,
        sum(discount_amount) as discounts,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from orders
    group by customer_id
),

refunded as (
    select customer_id, sum(amount) as amount
    from refunds
    group by customer_id
),

days as (
    select customer_id, activity_date, revenue from {{ ref('customer_activity_days') }}
    where activity = 'order'
),

repeated as (
    select
        ordered.customer_id,
        count(*) - 1 as frequency,
        sum(case when days.activity_date > ordered.first_order_date then days.revenue end)
            as repeat_revenue
    from ordered
    inner join days on ordered.customer_id = days.customer_id
    group by ordered.customer_id
),

customers as (
    select
        coalesce(ordered.customer_id, refunded.customer_id) as customer_id,
        coalesce(ordered.orders, 0) as orders,
        repeated.frequency,
        coalesce(ordered.amount, 0) as amount,
        coalesce(ordered.discounts, 0) as discounts,
        coalesce(refunded.amount, 0) as refunds,
        repeated.repeat_revenue,
        ordered.first_order_date,
        ordered.last_order_date
    from ordered
    full outer join refunded on ordered.customer_id = refunded.customer_id
    left join repeated on ordered.customer_id = repeated.customer_id
)

select * from customers
