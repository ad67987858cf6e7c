{#- A large export is not written twice: only the rows that are not simply used are noted,
    and stg_session_rows takes all others as used. -#}
with sessions as {{ read_anew() }} (
    select * from {{ source('raw', 'sessions') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

{{ number_repeated('sessions', known_id('session_id'), 'session_id') }},

known as {{ read_anew() }} (
    select
        numbered.*,
        {{ own_key('numbered.session_id') }} as session_key,
        excluded_customers.left_out_because
    from numbered
    left join excluded_customers
        on numbered.customer_id = excluded_customers.customer_id
),

judged as {{ read_anew() }} (
    select
        *,
        case
            {{ moment_faults('started_at', source('raw', 'sessions')) }}
            when ended_at < started_at then 'ended_at is before started_at'
            when left_out_because is not null then 'customer_id ' || left_out_because
        end as quarantine_reason
    from known
),

{{ rank_repeated('judged', 'session_key') }},

marks as (
    select
        {{ row_status() }} as row_status,
        quarantine_reason,
        copy_number,
        _file,
        _line
    from versions
)

select * from marks
where copy_number > 1 or row_status <> 'used'
