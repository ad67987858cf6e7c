{#- How far a visit went. Who got to a step passed those before it, seen or not. -#}
{%- set views = words(var('product_view_events')) -%}
{%- set wishes = words(var('favourite_events') + var('cart_events')) -%}
with sessions as (
    select sessions.*
    from {{ ref('sessions') }} as sessions
    inner join {{ ref('as_of') }} as as_of on sessions.session_date <= as_of.as_of_date
),

moments as (
    select * from {{ ref('session_moments') }}
    where activity = 'order' or lower(activity) in ({{ views }}, {{ wishes }})
),

orders as (
    select order_id, net_amount from {{ ref('order_values') }}
),

reached as (
    select
        moments.session_id,
        max(case when lower(moments.activity) in ({{ wishes }}) then 1 else 0 end) as wished,
        count(orders.order_id) as orders,
        sum(orders.net_amount) as revenue
    from moments
    left join orders on moments.activity = 'order' and moments.moment_id = orders.order_id
    where moments.activity <> 'order' or orders.order_id is not null
    group by moments.session_id
),

session_steps as (
    select
        sessions.session_id,
        coalesce(sessions.customer_id, sessions.anonymous_id) as visitor_id,
        coalesce(origins.source, 'unknown') as source,
        origins.campaign,
        coalesce(origins.landing_page, 'unknown') as landing_page,
        cast(coalesce(reached.orders, 0) as int) as orders,
        {{ money('coalesce(reached.revenue, 0)') }} as revenue,
        reached.session_id is not null as has_product_view,
        coalesce(reached.wished = 1 or reached.orders > 0, false) as has_wish,
        coalesce(reached.orders > 0, false) as has_order,
        {{ month_start('sessions.session_date') }} as month,
        sessions.started_at
    from sessions
    left join {{ ref('session_origins') }} as origins on sessions.session_id = origins.session_id
    left join reached on sessions.session_id = reached.session_id
)

select * from session_steps
