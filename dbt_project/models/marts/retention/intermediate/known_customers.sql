with named as (
    select customer_id, order_date as known_date from {{ ref('stg_orders') }}
    union all
    select customer_id, session_date as known_date from {{ ref('stg_sessions') }}
    union all
    select customer_id, event_date as known_date from {{ ref('stg_events') }}
    union all
    select customer_id, {{ business_date('signed_up_at') }} as known_date
    from {{ ref('stg_customers') }}
),

known_customers as (
    select customer_id, min(known_date) as known_date
    from named
    where customer_id is not null and known_date is not null
    group by customer_id
)

select * from known_customers
