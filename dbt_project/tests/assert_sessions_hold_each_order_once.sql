-- A row says that the orders of all visits are not the orders by customers with a visit shortly
-- before.
{{ config(meta={'dagster': {'ref': {'name': 'session_conversion'}}}) }}

with visits as (
    select sessions.*
    from {{ ref('sessions') }} as sessions
    inner join {{ ref('as_of') }} as as_of on sessions.session_date <= as_of.as_of_date
),

led_to as (
    select count(distinct orders.order_id) as orders
    from {{ ref('orders') }} as orders
    inner join {{ ref('as_of') }} as as_of on orders.order_date <= as_of.as_of_date
    inner join visits
        on
            orders.customer_id = visits.customer_id
            and orders.ordered_at >= visits.started_at
            and {{ second_diff('visits.started_at', 'orders.ordered_at') }}
            <= {{ var('conversion_window_hours') * 3600 }}
),

published as (
    select segment_name, sum(orders) as orders, sum(sessions) as sessions
    from {{ ref('session_conversion') }}
    group by segment_name
)

select
    published.*,
    led_to.orders as orders_after_a_visit
from published
cross join led_to
where
    published.orders <> led_to.orders
    or published.sessions <> (select count(*) from visits)
