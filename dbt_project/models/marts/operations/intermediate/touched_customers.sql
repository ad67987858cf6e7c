{#- Rows that came since the last publication and tell of days it told of, by whom they touch. -#}
with publication as (
    select * from {{ ref('last_publication') }}
),

new_runs as (
    select runs.run_id, publication.as_of_date
    from {{ source('ledger', 'runs') }} as runs
    inner join publication on runs.run_number > publication.published_run_number
),

touched as (
    select orders.customer_id, 'late rows' as cause
    from {{ ref('stg_order_rows') }} as order_rows
    inner join new_runs on order_rows._run_id = new_runs.run_id
    inner join {{ ref('orders') }} as orders on order_rows.order_id = orders.order_id
    where orders.order_date <= new_runs.as_of_date
    union
    select sessions.customer_id, 'late rows' as cause
    from {{ ref('stg_session_rows') }} as session_rows
    inner join new_runs on session_rows._run_id = new_runs.run_id
    inner join {{ ref('sessions') }} as sessions on session_rows.session_id = sessions.session_id
    where sessions.known_on <= new_runs.as_of_date
    union
    select events.customer_id, 'late rows' as cause
    from {{ ref('stg_event_rows') }} as event_rows
    inner join new_runs on event_rows._run_id = new_runs.run_id
    inner join {{ ref('events') }} as events on event_rows.event_id = events.event_id
    where events.known_on <= new_runs.as_of_date
    union
    select refunds.customer_id, 'refund' as cause
    from {{ ref('stg_refund_rows') }} as refund_rows
    inner join new_runs on refund_rows._run_id = new_runs.run_id
    inner join {{ ref('refunds') }} as refunds on refund_rows.refund_id = refunds.refund_id
    where refunds.refund_date <= new_runs.as_of_date
    union
    select refunds.customer_id, 'refund' as cause
    from {{ ref('stg_order_rows') }} as order_rows
    inner join new_runs on order_rows._run_id = new_runs.run_id
    inner join {{ ref('refunds') }} as refunds on order_rows.order_id = refunds.refund_id
    where refunds.refund_date <= new_runs.as_of_date
    union
    select survivors.survivor_id as customer_id, 'merge' as cause
    from {{ ref('stg_customer_rows') }} as customer_rows
    inner join new_runs on customer_rows._run_id = new_runs.run_id
    inner join {{ ref('customer_merges') }} as survivors
        on customer_rows.customer_id = survivors.customer_id
    union
    select customer_rows.customer_id, 'late rows' as cause
    from {{ ref('stg_customer_rows') }} as customer_rows
    inner join new_runs on customer_rows._run_id = new_runs.run_id
    where {{ business_date('customer_rows.signed_up_at') }} <= new_runs.as_of_date
),

known as (
    select * from touched
    where customer_id is not null
)

select * from known
