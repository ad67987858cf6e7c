with sessions as (
    select * from {{ source('raw', 'sessions') }}
),

test_customers as (
    select customer_id from {{ ref('stg_customers') }}
    where is_test
),

keyed as (
    select
        sessions.*,
        coalesce(sessions.session_id, sessions._content) as session_key,
        case
            {{ moment_faults('started_at') }}
            when sessions.ended_at < sessions.started_at then 'ended_at is before started_at'
            when test_customers.customer_id is not null then 'customer_id is a test customer'
        end as quarantine_reason
    from sessions
    left join test_customers on sessions.customer_id = test_customers.customer_id
),

versions as (
    select
        *,
        {{ version_columns('session_key') }}
    from keyed
),

tagged as (
    select
        session_key as session_id,
        customer_id,
        anonymous_id,
        source,
        medium,
        campaign,
        landing_page,
        device,
        platform,
        country,
        {{ row_status() }} as row_status,
        quarantine_reason,
        page_views,
        {{ business_date('started_at') }} as session_date,
        started_at,
        ended_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
