{#- A redemption matches the order it names, else the customer's coupon order of that day, that of
    the same coupon before others. Without a coupon export, the orders that name a coupon count. -#}
with coupons as (
    {{ up_to_as_of('stg_coupons', 'redemption_date') }}
),

told as (
    select
        customer_id,
        order_id as named_order_id,
        coupon_code,
        coalesce(campaign, coupon_code) as campaign,
        discount_amount,
        redemption_date,
        row_number() over (
            order by
                customer_id, redeemed_at, coupon_code, order_id nulls last, copy_number
        ) as redemption_number
    from coupons
    union all
    select
        customer_id, order_id as named_order_id, coupon_code, coupon_code as campaign,
        discount_amount, order_date as redemption_date,
        row_number() over (order by ordered_at, order_id) as redemption_number
    from {{ ref('coupon_orders') }}
    where
        coupon_code is not null and customer_id is not null
        and not exists (select 1 from {{ ref('stg_coupons') }})
),

candidates as (
    select
        told.redemption_number,
        orders.order_id,
        orders.discount_amount,
        row_number() over (
            partition by told.redemption_number
            order by
                case when orders.coupon_code = told.coupon_code then 0 else 1 end asc,
                orders.ordered_at asc, orders.order_id asc
        ) as candidate_rank
    from told
    inner join {{ ref('coupon_orders') }} as orders
        on
            told.customer_id = orders.customer_id
            and told.redemption_date = orders.order_date
            and orders.has_coupon
    where told.named_order_id is null
    union all
    select told.redemption_number, orders.order_id, orders.discount_amount, 1 as candidate_rank
    from told
    inner join {{ ref('coupon_orders') }} as orders on told.named_order_id = orders.order_id
),

matched as (
    select
        told.*,
        candidates.order_id,
        candidates.discount_amount as order_discount,
        count(*) over (partition by candidates.order_id) as order_redemptions
    from told
    left join candidates
        on told.redemption_number = candidates.redemption_number and candidates.candidate_rank = 1
),

redemptions as (
    select
        cast(redemption_number as bigint) as redemption_number,
        customer_id, order_id, coupon_code, campaign,
        {{ money_of_double(
            'coalesce(cast(discount_amount as double), '
            ~ ratio('order_discount', 'case when order_id is not null then order_redemptions end')
            ~ ', 0e0)'
        ) }} as discount,
        redemption_date
    from matched
)

select * from redemptions
