with rows_used as (
    select * from {{ ref('stg_event_rows') }}
    where row_status = 'used'
),

events as (
    select
        event_id,
        session_id,
        customer_id,
        anonymous_id,
        event_name,
        product_id,
        page,
        source,
        campaign,
        device,
        platform,
        value,
        event_date,
        occurred_at
    from rows_used
)

select * from events
