{#- What is left of an order once its refunds are taken off, and what of that is margin: goods that
    come back bring their share of the cost with them. -#}
with orders as (
    {{ up_to_as_of('orders', 'order_date') }}
),

refunds as (
    {{ up_to_as_of('refunds', 'refund_date') }}
),

refunded as (
    select order_id, sum(amount) as amount
    from refunds
    where order_id is not null
    group by order_id
),

numbered as (
    select
        orders.*,
        orders.amount - coalesce(refunded.amount, 0) as net_amount,
        row_number() over (
            partition by orders.customer_id order by orders.ordered_at, orders.order_id
        ) as order_number
    from orders
    left join refunded on orders.order_id = refunded.order_id
),

priced as (
    select
        *,
        case
            when cost_amount is null then net_amount * {{ var('gross_margin') }}e0
            else net_amount - cost_amount * coalesce({{ ratio('net_amount', 'amount') }}, 1e0)
        end as margin
    from numbered
),

order_values as (
    select
        order_id,
        customer_id,
        coupon_code,
        source,
        campaign,
        cast(case when customer_id is not null then order_number end as bigint) as order_number,
        discount_amount,
        {{ money('net_amount') }} as net_amount,
        {{ money_of_double('margin') }} as margin,
        cost_amount is not null as has_cost,
        order_date,
        ordered_at
    from priced
)

select * from order_values
