with redemptions as (
    select * from {{ ref('coupon_redemptions') }}
),

orders as (
    select * from {{ ref('coupon_orders') }}
),

outcomes as (
    select * from {{ ref('first_order_outcomes') }}
),

-- by customers who would be expected to buy anyway: they had bought without a coupon within the
-- time after which silence is churn
expected as (
    select distinct redemptions.redemption_number
    from redemptions
    inner join orders
        on
            redemptions.customer_id = orders.customer_id
            and not orders.has_coupon
            and redemptions.redemption_date > orders.order_date
            and {{ add_days('redemptions.redemption_date', -var('churn_after_days')) }}
            <= orders.order_date
),

buyers as (
    select customer_id, min(order_date) as first_order_date from orders
    group by customer_id
),

told as (
    select
        redemptions.*,
        expected.redemption_number is not null as is_expected,
        buyers.first_order_date < redemptions.redemption_date as has_bought
    from redemptions
    left join expected on redemptions.redemption_number = expected.redemption_number
    left join buyers on redemptions.customer_id = buyers.customer_id
),

cut as (
    select told.*, told.campaign as cut_by, false as is_total from told
    union all
    select told.*, 'all' as cut_by, true as is_total from told
),

counted as (
    select
        cut_by,
        is_total,
        count(*) as redemptions,
        count(distinct customer_id) as redeemers,
        count(order_id) as redemptions_with_order,
        sum(discount) as discount,
        -- of those who come for the first time nobody is expected: that says nothing
        sum(
            case when is_expected then discount when has_bought then 0 end
        ) as discount_of_expected
    from cut
    group by cut_by, is_total
),

bought as (
    select distinct cut_by, is_total, order_id from cut
    where order_id is not null
),

earned as (
    select
        bought.cut_by,
        bought.is_total,
        count(*) as orders,
        sum(orders.net_amount) as revenue,
        count(*) filter (where outcomes.repeat_is_observed) as first_order_customers,
        count(*) filter (where outcomes.repeat_is_observed and outcomes.has_repeated)
            as repeat_customers
    from bought
    inner join orders on bought.order_id = orders.order_id
    left join outcomes on bought.order_id = outcomes.first_order_id
    group by bought.cut_by, bought.is_total
),

totals as (
    select
        counted.cut_by as campaign,
        counted.is_total,
        counted.redemptions,
        counted.redeemers,
        counted.redemptions_with_order,
        counted.discount,
        counted.discount_of_expected,
        coalesce(earned.orders, 0) as orders,
        coalesce(earned.revenue, 0) as revenue,
        coalesce(earned.first_order_customers, 0) as first_order_customers,
        coalesce(earned.repeat_customers, 0) as repeat_customers
    from counted
    left join earned on counted.cut_by = earned.cut_by and counted.is_total = earned.is_total
),

redeemers as (
    select distinct campaign, customer_id from redemptions
),

-- who was delivered a message of a coupon's campaign, and who of them redeemed
reached as (
    select distinct campaign, customer_id from {{ ref('message_outcomes') }}
    where is_delivered and campaign in (select redeemers.campaign from redeemers)
),

reach as (
    select
        reached.campaign,
        count(*) as recipients,
        count(redeemers.customer_id) as redeeming_recipients
    from reached
    left join redeemers
        on reached.campaign = redeemers.campaign and reached.customer_id = redeemers.customer_id
    group by reached.campaign
),

shop as (
    select count(*) as orders, sum(net_amount) as revenue from orders
),

-- customers whose first order was bought without any coupon
others as (
    select
        count(*) as customers,
        count(*) filter (where outcomes.has_repeated) as repeat_customers
    from outcomes
    inner join orders on outcomes.first_order_id = orders.order_id
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
    left join reach
        on {{ where_it('not totals.is_total', 'totals.campaign') }} = reach.campaign
)

select * from coupon_effect
