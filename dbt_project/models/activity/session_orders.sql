with sessions as (
    select sessions.*
    from {{ ref('sessions') }} as sessions
    inner join {{ ref('as_of') }} as as_of on sessions.session_date <= as_of.as_of_date
),

orders as (
    select orders.*
    from {{ ref('orders') }} as orders
    inner join {{ ref('as_of') }} as as_of on orders.order_date <= as_of.as_of_date
),

-- each visit, up to the customer's next
spans as (
    select
        session_id,
        customer_id,
        started_at,
        lead(started_at) over (partition by customer_id order by started_at, session_id)
            as next_started_at
    from sessions
    where customer_id is not null
),

bought as (
    select spans.session_id, count(*) as orders
    from spans
    inner join orders
        on
            spans.customer_id = orders.customer_id
            and spans.started_at <= orders.ordered_at
            and coalesce(spans.next_started_at > orders.ordered_at, true)
            and {{ second_diff('spans.started_at', 'orders.ordered_at') }}
            <= {{ var('conversion_window_hours') * 3600 }}
    group by spans.session_id
),

session_orders as (
    select
        sessions.session_id,
        sessions.customer_id,
        sessions.anonymous_id,
        sessions.source,
        sessions.device,
        coalesce(bought.orders, 0) as orders,
        sessions.session_date
    from sessions
    left join bought on sessions.session_id = bought.session_id
)

select * from session_orders
