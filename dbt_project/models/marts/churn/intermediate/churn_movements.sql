{%- set after_days = var('churn_after_days') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

active_days as (
    select
        activity as base,
        customer_id,
        period_index - previous_index as days_before,
        next_index - period_index as days_after,
        {{ add_days("date '1970-01-01'", 'period_index') }} as activity_date
    from {{ ref('customer_activity_periods') }}
    where period = 'day' and activity in ('order', 'any')
),

movements as (
    select base, customer_id, 'new' as movement, activity_date as movement_date
    from active_days
    where days_before is null
    union all
    select base, customer_id, 'reactivated' as movement, activity_date as movement_date
    from active_days
    where days_before > {{ after_days }}
    union all
    -- the last day on which activity would have kept the customer: if none came, they end on it
    select
        active_days.base,
        active_days.customer_id,
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
        customer_id,
        case when episode_number = 1 then 'new' else 'reactivated' end as movement,
        start_date as movement_date
    from {{ ref('subscription_episodes') }}
    union all
    select
        'subscription' as base,
        episodes.customer_id,
        'churned' as movement,
        {{ add_days('episodes.end_date', var('grace_days')) }} as movement_date
    from {{ ref('subscription_episodes') }} as episodes
    inner join as_of
        on {{ add_days('episodes.end_date', var('grace_days')) }} <= as_of.as_of_date
)

select * from movements
