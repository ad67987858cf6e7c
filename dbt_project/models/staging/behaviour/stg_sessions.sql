{{ config(materialized='view') }}

{%- set kinds = {
    'source': 'source', 'medium': 'medium', 'campaign': 'campaign',
    'device': 'device', 'country': 'country',
} -%}
with rows_used as (
    select * from {{ ref('stg_session_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

sessions as (
    select
        rows_used.session_id,
        coalesce(survivors.survivor_id, rows_used.customer_id) as customer_id,
        rows_used.anonymous_id,
        {{ spelt('rows_used', kinds) | trim }},
        rows_used.landing_page,
        rows_used.platform,
        rows_used.page_views,
        rows_used.session_date,
        rows_used.started_at,
        rows_used.ended_at
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
    {{ with_spellings('rows_used', kinds) | trim }}
)

select * from sessions
