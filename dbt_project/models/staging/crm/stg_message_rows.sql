with messages_delivered as (
    select * from {{ source('raw', 'messages') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

numbered as (
    {{ number_copies('messages_delivered', known_id('message_id') ~ ' is not null') }}
),

known as (
    select
        numbered.*,
        {{ own_key('numbered.message_id') }} as message_key,
        {{ known_id('numbered.message_id') }} is not null as has_message_id,
        excluded_customers.left_out_because
    from numbered
    left join excluded_customers
        on numbered.customer_id = excluded_customers.customer_id
),

judged as (
    select
        *,
        case
            {{ moment_faults('occurred_at', source('raw', 'messages')) }}
            when status not in ('sent', 'delivered', 'opened', 'clicked', 'unsubscribed', 'bounced')
                then 'status is unknown'
            {{ customer_faults() }}
        end as quarantine_reason
    from known
),

versions as (
    select
        *,
        {{ version_columns('message_key, customer_id, status, occurred_at') }}
    from judged
),

tagged as (
    select
        message_key as message_id,
        customer_id,
        channel,
        status,
        campaign,
        {{ row_status() }} as row_status,
        quarantine_reason,
        has_message_id,
        {{ business_date('occurred_at') }} as message_date,
        occurred_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
