with rows_used as (
    select * from {{ ref('stg_session_rows') }}
    where row_status = 'used'
),

sessions as (
    select
        session_id,
        customer_id,
        anonymous_id,
        source,
        medium,
        campaign,
        landing_page,
        device,
        platform,
        country,
        page_views,
        session_date,
        started_at,
        ended_at
    from rows_used
)

select * from sessions
