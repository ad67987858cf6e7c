with visits as (
    select anonymous_id, customer_id, 'session' as activity, session_date as activity_date
    from {{ ref('sessions') }}
    union all
    select anonymous_id, customer_id, event_name as activity, event_date as activity_date
    from {{ ref('events') }}
    union all
    select stg_orders.anonymous_id, orders.customer_id, 'order' as activity, orders.order_date
    from {{ ref('orders') }} as orders
    inner join {{ ref('stg_orders') }} as stg_orders on orders.order_id = stg_orders.order_id
),

identified as (
    select distinct anonymous_id from {{ ref('identity_links') }}
),

unidentified as (
    select visits.anonymous_id, visits.activity, visits.activity_date
    from visits
    inner join {{ ref('as_of') }} as as_of
        on visits.activity_date between date '1990-01-01' and as_of.as_of_date
    left join identified on visits.anonymous_id = identified.anonymous_id
    where
        visits.customer_id is null
        and visits.anonymous_id is not null
        and identified.anonymous_id is null
),

visitor_days as (
    select distinct anonymous_id, activity, {{ day_number('activity_date') }} as day_index
    from unidentified
    union all
    select distinct
        anonymous_id,
        'any' as activity,
        {{ day_number('activity_date') }} as day_index
    from unidentified
)

select * from visitor_days
