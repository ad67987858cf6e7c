{{ config(materialized='view') }}
{%- set has_order_grain = var('orders_grain') == 'order' -%}
with order_rows as {{ read_anew() }} (
    select
        *,
        {{ known_id('order_id') }} is not null
        and {{ 'true' if has_order_grain else known_id('line_id') ~ ' is not null' }} as is_keyed,
        {{ business_date('ordered_at') }} as order_date
    from {{ source('raw', 'orders') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

left_out_customers as (
    select * from {{ ref('left_out_customers') }}
),

numbered as {{ read_anew() }} (
    {{ number_copies('order_rows', 'is_keyed') }}
),

priced as (
    select
        numbered.*,
        {{ own_key('numbered.order_id') }} as order_key,
        case
            when not numbered.is_keyed then numbered._content
            else {{ "''" if has_order_grain else 'numbered.line_id' }}
        end as line_key,
        {{ exchange_rate('numbered.currency') }} as rate,
        left_out_customers.left_out_because
    from numbered
    left join rates
        on numbered.currency = rates.currency and numbered.order_date = rates.rate_date
    left join left_out_customers
        on numbered.customer_id = left_out_customers.customer_id
),

judged as (
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
)

select * from judged
