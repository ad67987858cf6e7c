with orders as (
    {{ up_to_as_of('orders', 'order_date') }}
),

refunds as (
    select * from {{ ref('owned_refunds') }}
    where not is_of_cancelled
),

numbered_orders as (
    select
        order_id,
        customer_id,
        row_number() over (partition by customer_id order by ordered_at asc, order_id desc)
            as order_number,
        ordered_at
    from orders
    where customer_id in (select refunds.customer_id from refunds)
),

-- a refund that names no order goes to the latest order at or before it, else to the first:
-- counting the customer's orders up to it finds that one without comparing each with each
moves as (
    select customer_id, null as refund_id, null as origin, 1 as is_order, ordered_at as moved_at
    from numbered_orders
    union all
    select customer_id, refund_id, origin, 0 as is_order, refunded_at as moved_at
    from refunds
    where order_id is null and customer_id is not null
),

counted as (
    select
        *,
        greatest(1, sum(is_order) over (
            partition by customer_id order by moved_at asc, is_order desc, refund_id asc, origin asc
            rows unbounded preceding
        )) as order_number
    from moves
),

found as (
    select counted.refund_id, counted.origin, numbered_orders.order_id
    from counted
    inner join numbered_orders
        on
            counted.customer_id = numbered_orders.customer_id
            and counted.order_number = numbered_orders.order_number
    where counted.is_order = 0
),

attributed as (
    select
        refunds.refund_id,
        refunds.customer_id,
        coalesce(refunds.order_id, found.order_id) as order_id,
        refunds.origin,
        refunds.amount,
        refunds.returned_cost,
        refunds.refund_date
    from refunds
    left join found on refunds.refund_id = found.refund_id and refunds.origin = found.origin
    union all
    select
        order_id as refund_id,
        customer_id,
        order_id,
        'status' as origin,
        refunded_amount as amount,
        cast(0 as decimal(18, 4)) as returned_cost,
        order_date as refund_date
    from {{ ref('orders') }}
    where refunded_amount <> 0
),

dated as (
    select attributed.*, orders.order_date, orders.ordered_at
    from attributed
    left join orders on attributed.order_id = orders.order_id
)

select * from dated
