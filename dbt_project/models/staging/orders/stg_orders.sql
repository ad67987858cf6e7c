{%- set kinds = {
    'coupon_code': 'campaign', 'channel': 'channel', 'source': 'source',
    'campaign': 'campaign', 'device': 'device', 'country': 'country',
} -%}
{#- An order is what remains of its lines. Lines that are cancelled or pending do not count; an
    order of only such lines is not an order. -#}
with lines as (
    select * from {{ ref('stg_order_rows') }}
    where row_status = 'used'
),

counted as (
    select * from lines
    where status in ('counted', 'refunded')
),

totals as (
    select
        order_id,
        min(customer_id) as customer_id,
        min(anonymous_id) as anonymous_id,
        min(coupon_code) as coupon_code,
        min(channel) as channel,
        min(source) as source,
        min(campaign) as campaign,
        min(device) as device,
        min(country) as country,
        count(*) as line_count,
        {{ money('sum(amount)') }} as amount,
        {{ money('sum(coalesce(discount_amount, 0))') }} as discount_amount,
        {{ money('case when count(*) = count(cost_amount) then sum(cost_amount) end') }}
            as cost_amount,
        {{ money("sum(case when status = 'refunded' then amount else 0 end)") }} as refunded_amount,
        min(order_date) as order_date,
        min(ordered_at) as ordered_at
    from counted
    group by order_id
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

orders as (
    select
        totals.order_id,
        coalesce(survivors.survivor_id, totals.customer_id) as customer_id,
        totals.anonymous_id,
        {{ spelt('totals', kinds) | trim }},
        cast(totals.line_count as int) as line_count,
        totals.amount,
        totals.discount_amount,
        totals.cost_amount,
        totals.refunded_amount,
        totals.amount < 0 and '{{ var("negative_amounts") }}' = 'refund' as is_refund,
        totals.order_date,
        totals.ordered_at
    from totals
    left join survivors on totals.customer_id = survivors.customer_id
    {{ with_spellings('totals', kinds) | trim }}
)

select * from orders
