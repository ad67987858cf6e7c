{#- Whether an order was bought with a coupon: it names one, or a redemption names it. Only where
    neither ever does, a discount decides. -#}
with orders as (
    select * from {{ ref('order_values') }}
),

named as (
    select distinct order_id from {{ ref('stg_coupons') }}
    where order_id is not null
),

telling as (
    select
        (select count(coupon_code) from orders) + (select count(*) from named) as telling_rows
),

coupon_orders as (
    select
        orders.order_id,
        orders.customer_id,
        orders.coupon_code,
        orders.order_number,
        orders.discount_amount,
        orders.net_amount,
        orders.coupon_code is not null
        or named.order_id is not null
        or (telling.telling_rows = 0 and orders.discount_amount <> 0) as has_coupon,
        orders.order_date,
        orders.ordered_at
    from orders
    cross join telling
    left join named on orders.order_id = named.order_id
)

select * from coupon_orders
