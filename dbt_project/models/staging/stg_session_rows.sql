with sessions as {{ read_anew() }} (
    select * from {{ source('raw', 'sessions') }}
),

left_out_customers as (
    select * from {{ ref('left_out_customers') }}
),

numbered as {{ read_anew() }} (
    {{ number_copies('sessions', 'session_id is not null') }}
),

known as {{ read_anew() }} (
    select
        numbered.*,
        {{ own_key('numbered.session_id') }} as session_key,
        left_out_customers.left_out_because
    from numbered
    left join left_out_customers
        on numbered.customer_id = left_out_customers.customer_id
),

judged as {{ read_anew() }} (
    select
        *,
        case
            {{ moment_faults('started_at') }}
            when ended_at < started_at then 'ended_at is before started_at'
            when left_out_because is not null then 'customer_id ' || left_out_because
        end as quarantine_reason
    from known
),

repeated_sessions as (
    {{ repeated_ids('judged', 'session_key') }}
),

versions as (
    {{ versions('judged', 'repeated_sessions', id='session_key') }}
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
