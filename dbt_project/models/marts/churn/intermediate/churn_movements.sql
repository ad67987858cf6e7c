{%- set after_days = var('churn_after_days') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

active_days as (
    select
        activities.activity as base,
        gaps.customer_key,
        gaps.day_index - gaps.previous_index as days_before,
        gaps.next_index - gaps.day_index as days_after,
        {{ add_days("date '1970-01-01'", 'gaps.day_index') }} as activity_date
    from {{ ref('activity_gaps') }} as gaps
    inner join {{ ref('activity_keys') }} as activities
        on gaps.activity_key = activities.activity_key
    where activities.activity in ('order', 'any')
),

movements as (
    select base, customer_key, 'new' as movement, activity_date as movement_date
    from active_days
    where days_before is null
    union all
    select base, customer_key, 'reactivated' as movement, activity_date as movement_date
    from active_days
    where days_before > {{ after_days }}
    union all
    -- the last day on which activity would have kept the customer: if none came, they end on it
    select
        active_days.base,
        active_days.customer_key,
        'churned' as movement,
        {{ add_days('active_days.activity_date', after_days) }} as movement_date
    from active_days
    cross join as_of
    where
        active_days.days_after > {{ after_days }}
        or (
            active_days.days_after is null
            and {{ add_days('active_days.activity_date', after_days) }} <= as_of.as_of_date
        )
    union all
    select
        'subscription' as base,
        customers.customer_key,
        case when episodes.episode_number = 1 then 'new' else 'reactivated' end as movement,
        episodes.start_date as movement_date
    from {{ ref('subscription_episodes') }} as episodes
    inner join {{ ref('customer_keys') }} as customers
        on episodes.customer_id = customers.customer_id
    union all
    select
        'subscription' as base,
        customers.customer_key,
        'churned' as movement,
        {{ add_days('episodes.end_date', var('grace_days')) }} as movement_date
    from {{ ref('subscription_episodes') }} as episodes
    inner join {{ ref('customer_keys') }} as customers
        on episodes.customer_id = customers.customer_id
    inner join as_of
        on {{ add_days('episodes.end_date', var('grace_days')) }} <= as_of.as_of_date
)

select * from movements
