{#- Whom several invited belongs to the one through whom they joined first. -#}
with joined as (
    select
        referrals.*,
        row_number() over (
            partition by referrals.invited_customer_id
            order by
                referrals.joined_date, referrals.invited_at, referrals.referrer_id,
                referrals.copy_number
        ) as join_rank
    from {{ ref('stg_referrals') }} as referrals
    inner join {{ ref('as_of') }} as as_of on referrals.joined_date <= as_of.as_of_date
    where referrals.invited_customer_id is not null
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
    where joined.join_rank = 1
)

select * from referred_customers
