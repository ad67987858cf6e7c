{%- set has_order_grain = var('orders_grain') == 'order' -%}
{#- What the export itself identifies a row by; NULL where it has nothing. -#}
{%- set key = known_id('order_id') if has_order_grain
    else known_id('order_id') ~ " || ' ' || " ~ known_id('line_id') -%}
{%- set told = 'order_id' if has_order_grain else "order_id || ' ' || line_id" -%}
{%- set state = "coalesce(status, 'counted')" -%}
{#- What belongs to the order, and so to all of its lines; a line's status is its own. -#}
{%- set facts = [
    'anonymous_id', 'coupon_code', 'channel', 'source', 'campaign', 'device', 'country'
] -%}
{#- Of lines that bear money of their order's, one that is used keeps it: of the newest delivery,
    and rather one that counts. -#}
{%- set kept -%}
case when row_number() over (
            partition by order_id, row_status
            order by
                case when status in ('cancelled', 'pending') then 1 else 0 end asc,
                _delivered_at desc,
                _file asc,
                _line asc
        ) = 1 then {{ '' }}
{%- endset -%}
{%- set kept_once = [] if has_order_grain else var('amounts_of_order') -%}
{%- set default_currency = "nullif('" ~ var('orders_currency') ~ "', '')" -%}
with orders as {{ read_anew() }} (
    select * from {{ source('raw', 'orders') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

{{ number_repeated('orders', key, told) }},

identified as {{ read_anew() }} (
    select
        *,
        {{ own_key('order_id') }} as order_key,
        case
            when {{ key }} is null then _content
            else {{ "''" if has_order_grain else 'line_id' }}
        end as line_key
    from numbered
),
{% if not has_order_grain %}
-- a delivery may bring back what had changed since
changed as {{ read_anew() }} (
    select
        *,
        max(updated_at) over (partition by order_key, _delivered_at) as changed_at
    from identified
),

-- an order's facts are those of its newest delivery: each time the first that its lines tell, since
-- many shops write them on the first line only
delivered as {{ read_anew() }} (
    select
        *,
        {{ known_person('customer_id') }} as known_customer_id,
        dense_rank() over (
            partition by order_key order by changed_at desc nulls last, _delivered_at desc
        ) as delivery,
        row_number() over (
            partition by order_key
            order by changed_at desc nulls last, _delivered_at desc, _file asc, _line asc
        ) as place
    from changed
),

order_facts as (
    select
        order_key,
        {{ first_told('known_customer_id') }} as customer_id,
        {{ first_told('status') }} as status,
        {{ first_told('currency') }} as currency,
        {%- for fact in facts %}
        {{ first_told(fact) }} as {{ fact }},
        {%- endfor %}
        {{ first_told('ordered_at') }} as ordered_at,
        count(distinct known_customer_id) as customers,
        count(distinct currency) as currencies
    from delivered
    where delivery = 1
    group by order_key
),

keyed as {{ read_anew() }} (
    select
        delivered.order_key,
        delivered.line_key,
        delivered.product_id,
        delivered.quantity,
        delivered.amount,
        delivered.tax_amount,
        delivered.shipping_amount,
        delivered.discount_amount,
        delivered.cost_amount,
        delivered.copy_number,
        delivered.is_repeated,
        delivered.updated_at,
        delivered._content,
        delivered._delivered_at,
        delivered._file,
        delivered._line,
        delivered._run_id,
        order_facts.customer_id,
        order_facts.ordered_at,
        coalesce(delivered.status, order_facts.status) as status,
        coalesce(order_facts.currency, {{ default_currency }}) as currency,
        {%- for fact in facts %}
        order_facts.{{ fact }},
        {%- endfor %}
        order_facts.customers,
        order_facts.currencies,
        {{ business_date('order_facts.ordered_at') }} as order_date
    from delivered
    inner join order_facts on delivered.order_key = order_facts.order_key
),

{% else %}
keyed as {{ read_anew() }} (
    select
        *,
        {{ business_date('ordered_at') }} as order_date
    from identified
),

{% endif -%}

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
            {{ moment_faults('ordered_at', source('raw', 'orders')) }}
            {%- if not has_order_grain %}
            when customers > 1 then 'customer_id differs within its order'
            when currencies > 1 then 'currency differs within its order'
            {%- endif %}
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
        {{ known_person('customer_id') }} as customer_id,
        {{ known_person('anonymous_id') }} as anonymous_id,
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
        _delivered_at,
        quantity,
        {{ converted('amount') }} as amount,
        {{ converted('tax_amount') }} as tax_amount,
        {{ converted('shipping_amount') }} as shipping_amount,
        {{ converted('discount_amount') }} as discount_amount,
        {{ converted('cost_amount') }} as cost_amount,
        order_date,
        ordered_at,
        _file,
        _line,
        _run_id
    from versions
),

settled as (
    select
        order_id, line_id, customer_id, anonymous_id, status, currency, coupon_code, channel,
        source, campaign, device, country, product_id, row_status, quarantine_reason, copy_number,
        quantity,
        {%- for amount in ['amount', 'tax_amount', 'shipping_amount', 'discount_amount'] %}
        {{ kept ~ amount ~ ' else 0 end' if amount in kept_once else amount }} as {{ amount }},
        {%- endfor %}
        cost_amount, order_date, ordered_at, _delivered_at, _file, _line, _run_id
    from tagged
)

select * from settled
