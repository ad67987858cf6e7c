with joined as (
    select * from {{ ref('invitations') }}
    where has_joined and invited_customer_id is not null
),

referred_customers as (
    select
        joined.invited_customer_id as customer_id,
        joined.referrer_id,
        joined.reward_amount,
        cast(coalesce(customers.orders, 0) as bigint) as orders,
        {{ money('coalesce(customers.amount - customers.refunds, 0)') }} as net_revenue,
        joined.invitation_date,
        joined.joined_date,
        customers.first_order_date
    from joined
    left join {{ ref('customer_orders') }} as customers
        on joined.invited_customer_id = customers.customer_id
)

select * from referred_customers
