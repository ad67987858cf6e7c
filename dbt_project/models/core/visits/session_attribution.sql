{#- The one rule for which visit led to what: the latest of the same visitor that began within the
    window before it. -#}
with sessions as (
    select session_id, coalesce(customer_id, anonymous_id) as visitor, started_at
    from {{ ref('sessions') }}
),

events as (
    select
        event_id as moment_id,
        event_name as activity,
        coalesce(customer_id, anonymous_id) as visitor,
        occurred_at
    from {{ ref('events') }}
    where session_id is null
),

orders as (
    select
        orders.order_id as moment_id,
        'order' as activity,
        coalesce(orders.customer_id, stg_orders.anonymous_id) as visitor,
        orders.ordered_at as occurred_at
    from {{ ref('orders') }} as orders
    inner join {{ ref('stg_orders') }} as stg_orders on orders.order_id = stg_orders.order_id
),

unplaced as (
    select moment_id, activity, visitor, occurred_at from orders
    where visitor is not null
    union all
    select moment_id, activity, visitor, occurred_at from events
    where visitor is not null
),

-- counting the visits up to a moment finds the latest without comparing each with each
moves as (
    select
        visitor, session_id, null as moment_id, null as activity,
        1 as is_visit, started_at as moved_at
    from sessions
    where visitor in (select unplaced.visitor from unplaced)
    union all
    select
        visitor, null as session_id, moment_id, activity,
        0 as is_visit, occurred_at as moved_at
    from unplaced
),

counted as (
    select
        *,
        sum(is_visit) over (
            partition by visitor
            order by moved_at asc, is_visit desc, session_id asc, activity asc, moment_id asc
            rows unbounded preceding
        ) as visit_number
    from moves
),

placed as (
    select visits.session_id, moments.moment_id, moments.activity
    from counted as moments
    inner join counted as visits
        on
            moments.visitor = visits.visitor
            and moments.visit_number = visits.visit_number
            and visits.is_visit = 1
            and {{ second_diff('visits.moved_at', 'moments.moved_at') }}
            <= {{ var('conversion_window_hours') * 3600 }}
    where moments.is_visit = 0
)

select * from placed
