{#- A large export is not written twice: only the rows that are not simply used are noted,
    and stg_event_rows takes all others as used. -#}
with events as {{ read_anew() }} (
    select * from {{ source('raw', 'events') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

{{ number_repeated('events', known_id('event_id'), 'event_id') }},

known as {{ read_anew() }} (
    select
        numbered.*,
        {{ own_key('numbered.event_id') }} as event_key,
        excluded_customers.left_out_because
    from numbered
    left join excluded_customers
        on numbered.customer_id = excluded_customers.customer_id
),

judged as {{ read_anew() }} (
    select
        *,
        case
            {{ moment_faults('occurred_at', source('raw', 'events')) }}
            when left_out_because is not null then 'customer_id ' || left_out_because
        end as quarantine_reason
    from known
),

{{ rank_repeated('judged', 'event_key') }},

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
