{#- The profile comes first; what it leaves open, the customer's first order may fill in. -#}
{%- set by_profile = ['country', 'acquisition_source'] -%}
{%- set by_order = {
    'country': 'first_orders.country',
    'acquisition_source': 'first_orders.source',
    'device': 'first_orders.device',
    'channel': 'first_orders.channel',
    'first_order_coupon': "case when first_orders.coupon_code is not null then 'with coupon'
            when first_orders.order_id is not null then 'without' end",
} -%}
with customers as (
    select customer_id, customer_key from {{ ref('customer_keys') }}
    where customer_key in (
        select days.customer_key from {{ ref('activity_days') }} as days
        where days.activity_key = 0
    )
),

profiles as (
    select * from {{ ref('stg_customers') }}
),

orders as (
    {{ up_to_as_of('orders', 'order_date') }}
),

ranked_orders as (
    select
        *,
        row_number() over (partition by customer_id order by ordered_at, order_id) as order_number
    from orders
    where customer_id is not null
),

first_orders as (
    select * from ranked_orders
    where order_number = 1
),

told as (
    select
        {%- for segment in var('segments') %}
        {%- set of_profile = 'profiles.' ~ segment if segment in by_profile
            else json_text('profiles.attributes', segment) %}
        coalesce({{ of_profile }}, {{ by_order.get(segment, 'null') }}, 'unknown')
            as segment_{{ loop.index }},
        {%- endfor %}
        customers.customer_id,
        customers.customer_key
    from customers
    left join profiles on customers.customer_id = profiles.customer_id
    left join first_orders on customers.customer_id = first_orders.customer_id
),

named as (
    {%- for segment in var('segments') %}
    {{ 'union all' if not loop.first }}
    select
        customer_id,
        customer_key,
        '{{ segment }}' as segment_name,
        segment_{{ loop.index }} as written
    from told
    {%- else %}
    select customer_id, customer_key, 'all' as segment_name, 'all' as written from told
    where false
    {%- endfor %}
),

{{ spelt_alike('named') }},

segments as (
    select customer_id, customer_key, 'all' as segment_name, 'all' as segment_value
    from customers
    union all
    select named.customer_id, named.customer_key, named.segment_name, spelt.segment_value
    from named
    inner join spelt on named.segment_name = spelt.segment_name and named.written = spelt.written
)

select * from segments
