{#- Redemptions and the orders and customers behind them, by campaign and for all together. -#}
with redemptions as (
    select redemptions.*, expected.redemption_number is not null as is_expected
    from {{ ref('coupon_redemptions') }} as redemptions
    left join {{ ref('expected_redemptions') }} as expected
        on redemptions.redemption_number = expected.redemption_number
),

cut as (
    select redemptions.*, redemptions.campaign as cut_by, false as is_total from redemptions
    union all
    select redemptions.*, 'all' as cut_by, true as is_total from redemptions
),

counted as (
    select
        cut_by,
        is_total,
        count(*) as redemptions,
        count(distinct customer_id) as redeemers,
        count(order_id) as redemptions_with_order,
        sum(discount) as discount,
        sum(case when is_expected then discount else 0 end) as discount_of_expected
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
    inner join {{ ref('coupon_orders') }} as orders on bought.order_id = orders.order_id
    left join {{ ref('first_order_outcomes') }} as outcomes
        on bought.order_id = outcomes.first_order_id
    group by bought.cut_by, bought.is_total
),

coupon_totals as (
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
)

select * from coupon_totals
