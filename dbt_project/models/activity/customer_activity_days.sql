with as_of as (
    select * from {{ ref('as_of') }}
),

returned as (
    select
        refunds.customer_id,
        refunds.order_date,
        sum(refunds.amount) as amount
    from {{ ref('refunds') }} as refunds
    inner join as_of on refunds.refund_date <= as_of.as_of_date
    where refunds.order_date is not null
    group by refunds.customer_id, refunds.order_date
),

ordered as (
    select
        customer_id,
        'order' as activity,
        order_date as activity_date,
        count(*) as occurrences,
        sum(amount) as revenue
    from {{ ref('orders') }}
    group by customer_id, order_date
),

done as (
    select
        ordered.customer_id,
        ordered.activity,
        ordered.activity_date,
        ordered.occurrences,
        ordered.revenue - coalesce(returned.amount, 0) as revenue
    from ordered
    left join returned
        on
            ordered.customer_id = returned.customer_id
            and ordered.activity_date = returned.order_date
    union all
    select customer_id, 'session' as activity, session_date, count(*) as occurrences, 0 as revenue
    from {{ ref('sessions') }}
    group by customer_id, session_date
    union all
    select customer_id, event_name, event_date, count(*) as occurrences, 0 as revenue
    from {{ ref('events') }}
    group by customer_id, event_name, event_date
    union all
    select
        customer_id, 'signed_up' as activity,
        {{ business_date('signed_up_at') }} as activity_date, 1 as occurrences, 0 as revenue
    from {{ ref('stg_customers') }}
    where signed_up_at is not null and not is_test
),

known as (
    select done.*
    from done
    inner join as_of on done.activity_date between date '1990-01-01' and as_of.as_of_date
    where done.customer_id is not null
),

days as (
    select customer_id, activity, activity_date, occurrences, revenue from known
    union all
    select customer_id, 'any' as activity, activity_date, occurrences, revenue from known
),

customer_activity_days as (
    select
        customer_id,
        activity,
        cast(sum(occurrences) as bigint) as occurrences,
        {{ money('sum(revenue)') }} as revenue,
        activity_date
    from days
    group by customer_id, activity, activity_date
)

select * from customer_activity_days
