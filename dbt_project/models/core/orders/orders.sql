with orders as (
    select * from {{ ref('stg_orders') }}
    where not is_refund
),

-- a status counts as a refund only where no row of the refund export reports one
refunded as (
    select distinct order_id from {{ ref('stg_refunds') }}
    where order_id is not null
),

links as (
    select * from {{ ref('identity_links') }}
),

owned as (
    select
        orders.order_id,
        coalesce(orders.customer_id, links.customer_id) as customer_id,
        orders.coupon_code,
        orders.channel,
        orders.source,
        orders.campaign,
        orders.device,
        orders.country,
        orders.amount,
        orders.discount_amount,
        orders.cost_amount,
        cast(
            case when refunded.order_id is null then orders.refunded_amount else 0 end
            as decimal(18, 4)
        ) as refunded_amount,
        orders.order_date,
        greatest(orders.order_date, coalesce(links.learned_on, orders.order_date)) as known_on,
        orders.ordered_at
    from orders
    left join refunded on orders.order_id = refunded.order_id
    left join links
        on
            {{ where_it('orders.customer_id is null', 'orders.anonymous_id') }}
            = links.anonymous_id
            and orders.ordered_at >= links.valid_from
            and orders.ordered_at < links.valid_to
)

select * from owned
