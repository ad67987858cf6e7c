with orders as (
    select distinct customer_id, activity_date as outcome_date
    from {{ ref('customer_activity_days') }}
    where activity = 'order'
),

-- whoever lets a term pass and starts anew has renewed as well
renewals as (
    select customer_id, renewal_date as outcome_date
    from {{ ref('subscription_renewals') }}
    where is_renewed
    union
    select customer_id, start_date as outcome_date
    from {{ ref('subscription_renewals') }}
),

outcomes as (
    select 'order' as outcome, customer_id, outcome_date from orders
    union all
    select 'renewed' as outcome, customer_id, outcome_date from renewals
    union all
    select sign as outcome, customer_id, sign_date as outcome_date
    from {{ ref('audience_signs') }}
    where sign = 'app'
    union all
    select distinct
        'invited' as outcome, referrer_id as customer_id, invitation_date as outcome_date
    from {{ ref('stg_referrals') }}
),

known as (
    select outcomes.*
    from outcomes
    inner join {{ ref('as_of') }} as as_of on outcomes.outcome_date <= as_of.as_of_date
)

select * from known
