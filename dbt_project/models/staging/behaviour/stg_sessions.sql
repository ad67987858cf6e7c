{{ config(materialized='view') }}

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
        rows_used.source,
        rows_used.medium,
        rows_used.campaign,
        rows_used.landing_page,
        rows_used.device,
        rows_used.platform,
        rows_used.country,
        rows_used.page_views,
        rows_used.session_date,
        rows_used.started_at,
        rows_used.ended_at
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
)

select * from sessions
