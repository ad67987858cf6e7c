{%- set kinds = {'coupon_code': 'campaign', 'campaign': 'campaign'} -%}
with rows_used as (
    select * from {{ ref('stg_coupon_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

coupons as (
    select
        coalesce(survivors.survivor_id, rows_used.customer_id) as customer_id,
        rows_used.order_id,
        {{ spelt('rows_used', kinds) | trim }},
        cast(abs(rows_used.discount_amount) as decimal(18, 4)) as discount_amount,
        rows_used.copy_number,
        rows_used.redemption_date,
        rows_used.redeemed_at
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
    {{ with_spellings('rows_used', kinds) | trim }}
)

select * from coupons
