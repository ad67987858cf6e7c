{#- New customers are numbered after those that are there. -#}
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

with customers as (
    {%- for relation in [
        'stg_orders', 'stg_sessions', 'stg_events', 'stg_customers', 'stg_messages',
        'stg_subscriptions',
    ] %}
    {{ 'union' if not loop.first }}
    select customer_id from {{ ref(relation) }}
    {%- endfor %}
),

{{ number_once('customers', 'customer_id', 'customer_key') }},

customer_keys as (
    select
        customer_id,
        customer_key,
        {{ bucket_of('customer_id') }} as customer_bucket
    from numbered
)

select * from customer_keys
