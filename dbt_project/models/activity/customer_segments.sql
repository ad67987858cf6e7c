{%- set known = ['country', 'acquisition_source'] -%}
with customers as (
    select distinct customer_id from {{ ref('customer_activity_days') }}
),

profiles as (
    select * from {{ ref('stg_customers') }}
),

segments as (
    select customer_id, 'all' as segment_name, 'all' as segment_value from customers
    {%- for segment in var('segments') %}
    {%- set attribute = json_text('profiles.attributes', segment) %}
    union all
    select
        customers.customer_id,
        '{{ segment }}' as segment_name,
        coalesce({{ 'profiles.' ~ segment if segment in known else attribute }}, 'unknown')
            as segment_value
    from customers
    left join profiles on customers.customer_id = profiles.customer_id
    {%- endfor %}
)

select * from segments
