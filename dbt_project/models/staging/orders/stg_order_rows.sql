{%- set state = "coalesce(status, 'counted')" -%}
with judged as {{ read_anew() }} (
    select * from {{ ref('base_order_rows') }}
),

{{ rank_repeated('judged', 'order_key, line_key, copy_number', state=state) }},

tagged as (
    select
        order_key as order_id,
        line_key as line_id,
        {{ known_id('customer_id') }} as customer_id,
        {{ known_id('anonymous_id') }} as anonymous_id,
        {{ state }} as status,
        currency,
        coupon_code,
        channel,
        source,
        campaign,
        device,
        country,
        product_id,
        {{ row_status(state=state) }} as row_status,
        quarantine_reason,
        copy_number,
        quantity,
        {{ converted('amount') }} as amount,
        {{ converted('discount_amount') }} as discount_amount,
        {{ converted('cost_amount') }} as cost_amount,
        order_date,
        ordered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
