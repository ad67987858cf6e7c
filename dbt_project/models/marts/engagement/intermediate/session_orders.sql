with sessions as (
    select sessions.*
    from {{ ref('sessions') }} as sessions
    inner join {{ ref('as_of') }} as as_of on sessions.session_date <= as_of.as_of_date
),

-- guests order in visits too, but are no customers
bought as (
    select visits.session_id, count(*) as orders
    from {{ ref('moment_visits') }} as visits
    inner join {{ ref('orders') }} as orders
        on visits.activity = 'order' and visits.moment_id = orders.order_id
    inner join {{ ref('as_of') }} as as_of on orders.order_date <= as_of.as_of_date
    where orders.customer_id is not null
    group by visits.session_id
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
