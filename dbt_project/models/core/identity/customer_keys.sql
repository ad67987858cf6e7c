{#- Given once and kept between nights, since kept tables have them: new customers are numbered
    after those that are there. Which number a customer has decides no figure and no order. -#}
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

{% if is_incremental() -%}
given as (
    select coalesce(max(customer_key), 0) as last_key from {{ this }}
),

unnumbered as (
    select customers.customer_id
    from customers
    left join {{ this }} as known on customers.customer_id = known.customer_id
    where customers.customer_id is not null and known.customer_id is null
),
{%- else -%}
given as (
    select 0 as last_key
),

unnumbered as (
    select customer_id from customers
    where customer_id is not null
),
{%- endif %}

numbered as (
    select
        unnumbered.customer_id,
        cast(given.last_key + row_number() over (order by unnumbered.customer_id) as int)
            as customer_key,
        {{ bucket_of('unnumbered.customer_id') }} as customer_bucket
    from unnumbered
    cross join given
)

select * from numbered
