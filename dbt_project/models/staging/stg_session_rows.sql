with sessions as (
    select * from {{ source('raw', 'sessions') }}
),

test_customers as (
    select * from {{ ref('test_customers') }}
),

numbered as (
    {{ number_copies('sessions', 'session_id is not null') }}
),

known as (
    select
        numbered.*,
        {{ own_key('numbered.session_id') }} as session_key,
        test_customers.customer_id is not null as is_test
    from numbered
    left join test_customers on numbered.customer_id = test_customers.customer_id
),

judged as (
    select
        *,
        case
            {{ moment_faults('started_at') }}
            when ended_at < started_at then 'ended_at is before started_at'
            when is_test then 'customer_id is a test customer'
        end as quarantine_reason
    from known
),

versions as (
    select
        *,
        {{ version_columns('session_key') }}
    from judged
),

tagged as (
    select
        session_key as session_id,
        {{ known_id('customer_id') }} as customer_id,
        {{ known_id('anonymous_id') }} as anonymous_id,
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
