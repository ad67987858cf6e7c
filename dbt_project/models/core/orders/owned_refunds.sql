{#- Negative orders belong to whoever an order at that moment would; refunds of the refund export to
    the customer of the order they name, whoever the refund itself names. -#}
with orders as (
    {{ up_to_as_of('orders', 'order_date') }}
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

owned as (
    select
        negative_orders.order_id as refund_id,
        coalesce(negative_orders.customer_id, links.customer_id) as customer_id,
        cast(null as string) as order_id,
        true as names_no_order,
        'negative order' as origin,
        cast(-negative_orders.amount as decimal(18, 4)) as amount,
        cast(coalesce(-negative_orders.cost_amount, 0) as decimal(18, 4)) as returned_cost,
        negative_orders.order_date as refund_date,
        negative_orders.ordered_at as refunded_at
    from negative_orders
    left join links
        on
            {{ where_it('negative_orders.customer_id is null', 'negative_orders.anonymous_id') }}
            = links.anonymous_id
            and negative_orders.ordered_at >= links.valid_from
            and negative_orders.ordered_at < links.valid_to
    union all
    select
        exported.refund_id,
        case when orders.order_id is null then exported.customer_id else orders.customer_id end
            as customer_id,
        orders.order_id,
        exported.order_id is null as names_no_order,
        'refund export' as origin,
        exported.amount,
        cast(0 as decimal(18, 4)) as returned_cost,
        exported.refund_date,
        exported.refunded_at
    from exported
    left join orders on exported.order_id = orders.order_id
),

-- one that names no order is known by its amount for that of an order cancelled before
nameless as (
    select
        refund_id,
        origin,
        customer_id,
        {{ cents('amount') }} as amount,
        refunded_at
    from owned
    where names_no_order and customer_id is not null
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

cancelled as (
    select
        coalesce(survivors.survivor_id, order_rows.customer_id) as customer_id,
        {{ cents('sum(order_rows.amount)') }} as amount,
        min(order_rows.ordered_at) as cancelled_at
    from {{ ref('stg_order_rows') }} as order_rows
    left join survivors on order_rows.customer_id = survivors.customer_id
    where
        order_rows.row_status = 'used'
        and order_rows.status = 'cancelled'
        and coalesce(survivors.survivor_id, order_rows.customer_id)
        in (select nameless.customer_id from nameless)
        and order_rows.order_id not in (
            select refund_rows.order_id from {{ ref('stg_refund_rows') }} as refund_rows
            where refund_rows.is_of_cancelled
        )
    group by coalesce(survivors.survivor_id, order_rows.customer_id), order_rows.order_id
),

-- what was cancelled is given back once: as brackets close, a refund meets the cancellation before
-- it that none has met, unless the balance is lower than ever
moves as (
    select
        customer_id, amount, null as refund_id, null as origin,
        1 as step, cancelled_at as moved_at
    from cancelled
    where amount > 0
    union all
    select
        customer_id, amount, refund_id, origin,
        -1 as step, refunded_at as moved_at
    from nameless
),

balanced as (
    select
        *,
        sum(step) over (
            partition by customer_id, amount
            order by moved_at asc, step desc, refund_id asc, origin asc
            rows unbounded preceding
        ) as balance
    from moves
),

compared as (
    select
        *,
        least(0, coalesce(min(balance) over (
            partition by customer_id, amount
            order by moved_at asc, step desc, refund_id asc, origin asc
            rows between unbounded preceding and 1 preceding
        ), 0)) as lowest_balance
    from balanced
),

met as (
    select refund_id, origin from compared
    where step = -1 and balance >= lowest_balance
),

owned_refunds as (
    select
        owned.refund_id,
        owned.customer_id,
        owned.order_id,
        owned.origin,
        owned.amount,
        owned.returned_cost,
        met.refund_id is not null as is_of_cancelled,
        owned.refund_date,
        owned.refunded_at
    from owned
    left join met on owned.refund_id = met.refund_id and owned.origin = met.origin
)

select * from owned_refunds
