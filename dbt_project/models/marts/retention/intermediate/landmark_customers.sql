with as_of as (
    select * from {{ ref('as_of') }}
),

days as (
    select * from {{ ref('customer_activity_days') }}
),

named as (
    select customer_id, order_date as known_date from {{ ref('stg_orders') }}
    union all
    select customer_id, session_date as known_date from {{ ref('stg_sessions') }}
    union all
    select customer_id, event_date as known_date from {{ ref('stg_events') }}
    union all
    select customer_id, {{ business_date('signed_up_at') }} as known_date
    from {{ ref('stg_customers') }}
),

-- before the first day an export names a customer, there were only devices that turned out theirs
known as (
    select customer_id, min(known_date) as known_date
    from named
    where customer_id is not null and known_date is not null
    group by customer_id
),

firsts as (
    select customer_id, min(activity_date) as first_date
    from days
    where activity = 'any'
    group by customer_id
),

landmarks as (
    select
        firsts.customer_id,
        firsts.first_date,
        {{ add_days('firsts.first_date', var('landmark_day')) }} as landmark_date,
        {{ add_days('firsts.first_date', var('landmark_day') + var('effect_horizon_days')) }}
            as horizon_date
    from firsts
),

-- whoever came before the history may have done anything in the days that decide, and of those
-- not known by their landmark only the ones who came again have become known
observed as (
    select landmarks.*
    from landmarks
    inner join known
        on landmarks.customer_id = known.customer_id and landmarks.landmark_date >= known.known_date
    inner join as_of
        on
            landmarks.first_date >= as_of.history_starts_on
            and landmarks.horizon_date <= as_of.as_of_date
),

outcomes as (
    select
        observed.customer_id,
        max(case when days.activity = 'order' and days.occurrences > 0 then 1 else 0 end)
            as ordered,
        max(case when days.activity = 'any' then 1 else 0 end) as active,
        sum(case when days.activity = 'order' then days.occurrences else 0 end) as orders,
        sum(case when days.activity = 'order' then days.revenue else 0 end) as revenue,
        observed.landmark_date
    from observed
    left join days
        on
            observed.customer_id = days.customer_id
            and days.activity in ('order', 'any')
            and observed.landmark_date < days.activity_date
            and observed.horizon_date >= days.activity_date
    group by observed.customer_id, observed.landmark_date
),

landmark_customers as (
    select
        customer_id,
        {%- for outcome in ['ordered', 'active', 'orders', 'revenue'] %}
        {{ money(outcome) }} as {{ outcome }},
        {%- endfor %}
        landmark_date
    from outcomes
)

select * from landmark_customers
