with totals as (
    select * from {{ ref('coupon_totals') }}
),

shop as (
    select count(*) as orders, sum(net_amount) as revenue from {{ ref('coupon_orders') }}
),

-- customers whose first order was bought without any coupon
others as (
    select
        count(*) as customers,
        count(*) filter (where outcomes.has_repeated) as repeat_customers
    from {{ ref('first_order_outcomes') }} as outcomes
    inner join {{ ref('coupon_orders') }} as orders on outcomes.first_order_id = orders.order_id
    where outcomes.repeat_is_observed and not orders.has_coupon
),

coupon_effect as (
    select
        totals.campaign,
        cast(totals.redemptions as bigint) as redemptions,
        cast(totals.redeemers as bigint) as redeemers,
        cast(totals.redemptions_with_order as bigint) as redemptions_with_order,
        cast(reach.recipients as bigint) as recipients,
        {{ ratio('reach.redeeming_recipients', 'reach.recipients') }} as redemption_rate,
        {{ wilson_low('reach.redeeming_recipients', 'reach.recipients') }} as redemption_rate_low,
        {{ wilson_high('reach.redeeming_recipients', 'reach.recipients') }}
            as redemption_rate_high,
        cast(totals.orders as bigint) as orders,
        {{ ratio('totals.orders', 'shop.orders') }} as share_of_orders,
        {{ money('totals.revenue') }} as revenue,
        {{ ratio('totals.revenue', 'shop.revenue') }} as share_of_revenue,
        {{ money('totals.discount') }} as discount,
        {{ money('totals.discount_of_expected') }} as discount_of_expected,
        {{ ratio('totals.discount_of_expected', 'totals.discount') }} as share_of_expected,
        cast(totals.first_order_customers as bigint) as first_order_customers,
        cast(totals.repeat_customers as bigint) as repeat_customers,
        {{ ratio('totals.repeat_customers', 'totals.first_order_customers') }} as repeat_rate,
        {{ wilson_low('totals.repeat_customers', 'totals.first_order_customers') }} as rate_low,
        {{ wilson_high('totals.repeat_customers', 'totals.first_order_customers') }} as rate_high,
        cast(others.customers as bigint) as other_customers,
        {{ ratio('others.repeat_customers', 'others.customers') }} as repeat_rate_of_others,
        {{ wilson_low('others.repeat_customers', 'others.customers') }} as rate_of_others_low,
        {{ wilson_high('others.repeat_customers', 'others.customers') }} as rate_of_others_high,
        totals.is_total
    from totals
    cross join shop
    cross join others
    left join {{ ref('coupon_reach') }} as reach
        on totals.campaign = reach.campaign and not totals.is_total
)

select * from coupon_effect
