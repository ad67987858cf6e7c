
drop table if exists "build"."intermediate"."coupon_orders";

    

    create  table
      "build"."intermediate"."coupon_orders"
  
    
    as (
      with orders as (
    select * from "build"."core"."order_values"
),

named as (
    select distinct order_id from "build"."staging"."stg_coupons"
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
    );
    
  
