{%- set has_order_grain = var('orders_grain') == 'order' -%}
{#- What the export itself identifies a row by; NULL where it has nothing. -#}
{%- set key = known_id('order_id') if has_order_grain
    else known_id('order_id') ~ " || ' ' || " ~ known_id('line_id') -%}
{%- set state = "coalesce(status, 'counted')" -%}
with orders as {{ read_anew() }} (
    select * from {{ source('raw', 'orders') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

{{ number_repeated('orders', key) }},

keyed as {{ read_anew() }} (
    select
        *,
        {{ own_key('order_id') }} as order_key,
        case
            when {{ key }} is null then _content
            else {{ "''" if has_order_grain else 'line_id' }}
        end as line_key,
        {{ business_date('ordered_at') }} as order_date
    from numbered
),

priced as (
    select
        keyed.*,
        {{ exchange_rate('keyed.currency') }} as rate,
        excluded_customers.left_out_because
    from keyed
    left join rates
        on keyed.currency = rates.currency and keyed.order_date = rates.rate_date
    left join excluded_customers
        on keyed.customer_id = excluded_customers.customer_id
),

judged as {{ read_anew() }} (
    select
        *,
        case
            {{ moment_faults('ordered_at') }}
            when status not in ('counted', 'cancelled', 'pending', 'refunded')
                then 'status is unknown'
            {%- if var('negative_amounts') == 'refund' %}
            when quantity < 0 and amount > 0 then 'quantity is negative, the amount is not'
            {%- endif %}
            when rate is null then 'currency has no exchange rate on its day'
            when left_out_because is not null then 'customer_id ' || left_out_because
        end as quarantine_reason
    from priced
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
