{#- A customer invited by several belongs to the invitation by which they joined first. Whoever had
    bought or subscribed before an invitation was a customer, and nobody's to bring. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

known_orders as (
    {{ up_to_as_of('orders', 'order_date') }}
),

buyers as (
    select customer_id, min(ordered_at) as first_ordered_at
    from known_orders
    where customer_id is not null
    group by customer_id
),

subscribers as (
    select customer_id, min(start_date) as first_start_date
    from {{ ref('stg_subscriptions') }}
    where mrr > 0
    group by customer_id
),

sent as (
    select
        referrals.*,
        coalesce(referrals.joined_date <= as_of.as_of_date, false) as is_taken_up,
        coalesce(buyers.first_ordered_at < referrals.invited_at, false)
        or coalesce(subscribers.first_start_date < referrals.invitation_date, false)
            as was_customer
    from {{ ref('stg_referrals') }} as referrals
    inner join as_of on referrals.invitation_date <= as_of.as_of_date
    left join buyers on referrals.invited_customer_id = buyers.customer_id
    left join subscribers on referrals.invited_customer_id = subscribers.customer_id
),

ranked as (
    select
        *,
        row_number() over (
            partition by invited_customer_id, was_customer
            order by joined_date, invited_at, referrer_id, copy_number
        ) as join_rank
    from sent
),

invitations as (
    select
        referrer_id,
        invited_customer_id,
        reward_amount,
        is_taken_up and not was_customer and (invited_customer_id is null or join_rank = 1)
            as has_joined,
        is_taken_up and was_customer as was_customer,
        {{ month_start('invitation_date') }} as month,
        joined_date,
        invitation_date
    from ranked
)

select * from invitations
