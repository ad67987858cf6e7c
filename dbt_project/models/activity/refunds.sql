with negative_orders as (
    select * from {{ ref('stg_orders') }}
    where is_refund
),

links as (
    select * from {{ ref('identity_links') }}
),

orders as (
    select * from {{ ref('orders') }}
),

refunds as (
    select
        negative_orders.order_id as refund_id,
        coalesce(negative_orders.customer_id, links.customer_id) as customer_id,
        -negative_orders.amount as amount,
        negative_orders.order_date as refund_date,
        negative_orders.ordered_at as refunded_at
    from negative_orders
    left join links
        on
            negative_orders.customer_id is null
            and negative_orders.anonymous_id = links.anonymous_id
            and negative_orders.ordered_at >= links.valid_from
            and negative_orders.ordered_at < links.valid_to
),

-- a refund that names no order goes to the latest order at or before it, else to the first
candidates as (
    select
        refunds.refund_id,
        orders.order_id,
        orders.order_date,
        row_number() over (
            partition by refunds.refund_id
            order by
                case when orders.ordered_at <= refunds.refunded_at then orders.ordered_at end
                desc nulls last,
                orders.ordered_at asc,
                orders.order_id asc
        ) as candidate_rank
    from refunds
    inner join orders on refunds.customer_id = orders.customer_id
),

attributed as (
    select
        refunds.refund_id,
        refunds.customer_id,
        candidates.order_id,
        false as is_by_status,
        refunds.amount,
        refunds.refund_date,
        candidates.order_date
    from refunds
    left join candidates
        on refunds.refund_id = candidates.refund_id and candidates.candidate_rank = 1
    union all
    select
        order_id as refund_id,
        customer_id,
        order_id,
        true as is_by_status,
        refunded_amount as amount,
        order_date as refund_date,
        order_date
    from orders
    where refunded_amount <> 0
)

select * from attributed
