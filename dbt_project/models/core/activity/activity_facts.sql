{#- Written once, as numbers: digests, days and elapsed spans each read all of it. -#}

with as_of as (
    select * from {{ ref('as_of') }}
),

-- a refund is not an activity: it reduces what its order's day brought
facts as (
    select
        customer_id, 'order' as activity, 1 as occurrences, amount as revenue,
        order_date as activity_date, known_on, ordered_at as occurred_at
    from {{ ref('orders') }}
    union all
    select
        refunds.customer_id, 'order' as activity, 0 as occurrences, -refunds.amount as revenue,
        refunds.order_date as activity_date, refunds.refund_date as known_on,
        refunds.ordered_at as occurred_at
    from {{ ref('refunds') }} as refunds
    inner join as_of on refunds.refund_date <= as_of.as_of_date
    where refunds.order_date is not null
    union all
    select
        customer_id, 'session' as activity, 1 as occurrences, 0 as revenue,
        session_date as activity_date, known_on, started_at as occurred_at
    from {{ ref('sessions') }}
    union all
    select
        customer_id, event_name as activity, 1 as occurrences, 0 as revenue,
        event_date as activity_date, known_on, occurred_at
    from {{ ref('events') }}
    union all
    select
        customer_id, 'signed_up' as activity, 1 as occurrences, 0 as revenue,
        {{ business_date('signed_up_at') }} as activity_date,
        {{ business_date('signed_up_at') }} as known_on, signed_up_at as occurred_at
    from {{ ref('stg_customers') }}
    where signed_up_at is not null and not is_test
    union all
    select
        customer_id, 'message_clicked' as activity, 1 as occurrences, 0 as revenue,
        message_date as activity_date, message_date as known_on, occurred_at
    from {{ ref('stg_messages') }}
    where status = 'clicked'
    union all
    select
        customer_id, 'subscribed' as activity, 1 as occurrences, 0 as revenue,
        min(start_date) as activity_date, min(start_date) as known_on,
        cast(min(start_date) as timestamp) as occurred_at
    from {{ ref('stg_subscriptions') }}
    group by subscription_id, customer_id
),

known as (
    select
        customers.customer_key,
        activities.activity_key,
        -- a customer without a key has to be seen: days that lack one break their grain
        coalesce(customers.customer_bucket, 0) as customer_bucket,
        facts.occurrences,
        {{ money('facts.revenue') }} as revenue,
        facts.activity_date,
        facts.known_on,
        facts.occurred_at
    from facts
    inner join as_of
        on facts.activity_date between date '1990-01-01' and as_of.as_of_date
    left join {{ ref('customer_keys') }} as customers on facts.customer_id = customers.customer_id
    left join {{ ref('activity_keys') }} as activities on facts.activity = activities.activity
    where facts.customer_id is not null
)

select * from known
