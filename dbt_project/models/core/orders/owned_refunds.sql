{#- Negative orders belong to whom an order of that moment would; refunds of the refund export to
    the customer of the order they name. -#}
with orders as (
    select orders.*
    from {{ ref('orders') }} as orders
    inner join {{ ref('as_of') }} as as_of on orders.order_date <= as_of.as_of_date
),

negative_orders as (
    select * from {{ ref('stg_orders') }}
    where is_refund
),

exported as (
    select * from {{ ref('stg_refunds') }}
),

links as (
    select * from {{ ref('identity_links') }}
),

refunds as (
    select
        negative_orders.order_id as refund_id,
        coalesce(negative_orders.customer_id, links.customer_id) as customer_id,
        cast(null as string) as order_id,
        'negative order' as origin,
        cast(-negative_orders.amount as decimal(18, 4)) as amount,
        cast(coalesce(-negative_orders.cost_amount, 0) as decimal(18, 4)) as returned_cost,
        negative_orders.order_date as refund_date,
        negative_orders.ordered_at as refunded_at
    from negative_orders
    left join links
        on
            negative_orders.customer_id is null
            and negative_orders.anonymous_id = links.anonymous_id
            and negative_orders.ordered_at >= links.valid_from
            and negative_orders.ordered_at < links.valid_to
    union all
    select
        exported.refund_id,
        case when orders.order_id is null then exported.customer_id else orders.customer_id end
            as customer_id,
        orders.order_id,
        'refund export' as origin,
        exported.amount,
        cast(0 as decimal(18, 4)) as returned_cost,
        exported.refund_date,
        exported.refunded_at
    from exported
    left join orders on exported.order_id = orders.order_id
)

select * from refunds
