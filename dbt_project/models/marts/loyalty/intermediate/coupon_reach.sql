{#- Who was delivered a message of a coupon's campaign, and who of them redeemed. -#}
with redeemers as (
    select distinct campaign, customer_id from {{ ref('coupon_redemptions') }}
),

reached as (
    select distinct campaign, customer_id from {{ ref('message_outcomes') }}
    where is_delivered and campaign in (select redeemers.campaign from redeemers)
),

coupon_reach as (
    select
        reached.campaign,
        count(*) as recipients,
        count(redeemers.customer_id) as redeeming_recipients
    from reached
    left join redeemers
        on reached.campaign = redeemers.campaign and reached.customer_id = redeemers.customer_id
    group by reached.campaign
)

select * from coupon_reach
