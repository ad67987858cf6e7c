{#- How far a visit went. Whoever reached a step passed those before it, recorded or not. -#}
{%- set views = words(var('product_view_events')) -%}
{%- set wishes = words(var('favourite_events') + var('cart_events')) -%}
with sessions as (
    {{ up_to_as_of('sessions', 'session_date') }}
),

events as (
    select * from {{ ref('stg_events') }}
),

orders as (
    select order_id, net_amount from {{ ref('order_values') }}
),

-- what happened in which visit: events that name theirs, and what the rule gives to one
moments as (
    select session_id, event_id as moment_id, event_name as activity
    from events
    where session_id is not null
    union all
    select session_id, moment_id, activity
    from {{ ref('session_attribution') }}
),

steps as (
    select * from moments
    where activity = 'order' or lower(activity) in ({{ views }}, {{ wishes }})
),

reached as (
    select
        steps.session_id,
        max(case when lower(steps.activity) in ({{ wishes }}) then 1 else 0 end) as wished,
        count(orders.order_id) as orders,
        sum(orders.net_amount) as revenue
    from steps
    left join orders
        on {{ where_it("steps.activity = 'order'", 'steps.moment_id') }} = orders.order_id
    where steps.activity <> 'order' or orders.order_id is not null
    group by steps.session_id
),

session_steps as (
    select
        sessions.session_id,
        coalesce(sessions.customer_id, sessions.anonymous_id) as visitor_id,
        coalesce(sessions.source, 'unknown') as source,
        sessions.campaign,
        coalesce(sessions.landing_page, 'unknown') as landing_page,
        cast(coalesce(reached.orders, 0) as int) as orders,
        {{ money('coalesce(reached.revenue, 0)') }} as revenue,
        reached.session_id is not null as has_product_view,
        coalesce(reached.wished = 1 or reached.orders > 0, false) as has_wish,
        coalesce(reached.orders > 0, false) as has_order,
        {{ month_start('sessions.session_date') }} as month,
        sessions.started_at
    from sessions
    left join reached on sessions.session_id = reached.session_id
)

select * from session_steps
