{{ config(materialized='view') }}

{%- set kinds = {'source': 'source', 'campaign': 'campaign', 'device': 'device'} %}
with rows_used as (
    select * from {{ ref('stg_event_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

events as (
    select
        rows_used.event_id,
        rows_used.session_id,
        coalesce(survivors.survivor_id, rows_used.customer_id) as customer_id,
        rows_used.anonymous_id,
        rows_used.event_name,
        rows_used.product_id,
        rows_used.page,
        {{ spelt('rows_used', kinds) | trim }},
        rows_used.platform,
        rows_used.value,
        rows_used.event_date,
        rows_used.occurred_at,
        rows_used._file,
        rows_used._line
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
    {{ with_spellings('rows_used', kinds) | trim }}
)

select * from events
