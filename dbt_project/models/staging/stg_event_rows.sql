with events as {{ read_anew() }} (
    select * from {{ source('raw', 'events') }}
),

left_out_customers as (
    select * from {{ ref('left_out_customers') }}
),

numbered as {{ read_anew() }} (
    {{ number_copies('events', 'event_id is not null') }}
),

known as {{ read_anew() }} (
    select
        numbered.*,
        {{ own_key('numbered.event_id') }} as event_key,
        left_out_customers.left_out_because
    from numbered
    left join left_out_customers
        on numbered.customer_id = left_out_customers.customer_id
),

judged as {{ read_anew() }} (
    select
        *,
        case
            {{ moment_faults('occurred_at') }}
            when left_out_because is not null then 'customer_id ' || left_out_because
        end as quarantine_reason
    from known
),

repeated_events as (
    {{ repeated_ids('judged', 'event_key') }}
),

versions as (
    {{ versions('judged', 'repeated_events', id='event_key') }}
),

tagged as (
    select
        event_key as event_id,
        session_id,
        {{ known_id('customer_id') }} as customer_id,
        {{ known_id('anonymous_id') }} as anonymous_id,
        case
            when lower(event_name) in ('order', 'session', 'any') then 'event:' || event_name
            else event_name
        end as event_name,
        product_id,
        page,
        source,
        campaign,
        device,
        platform,
        {{ row_status() }} as row_status,
        quarantine_reason,
        value,
        {{ business_date('occurred_at') }} as event_date,
        occurred_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
