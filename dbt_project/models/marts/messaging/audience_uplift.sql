{#- Who is in which arm is decided by the hash, never by who got a message: those who could not be
    reached stay in theirs. -#}
with assignments as (
    select * from {{ ref('audience_assignments') }}
),

renewals_due as (
    select * from {{ ref('subscription_renewals') }}
),

orders as (
    select distinct customer_id, activity_date as outcome_date
    from {{ ref('customer_activity_days') }}
    where activity = 'order'
),

-- whoever lets a term pass and starts again has renewed as well
renewals as (
    select customer_id, renewal_date as outcome_date
    from renewals_due
    where is_renewed
    union
    select customer_id, start_date as outcome_date
    from renewals_due
),

-- what messages to audiences are meant to bring about, by customer and day
outcomes as (
    select 'order' as outcome, customer_id, outcome_date from orders
    union all
    select 'renewed' as outcome, customer_id, outcome_date from renewals
    union all
    select sign as outcome, customer_id, sign_date as outcome_date
    from {{ ref('audience_signals') }}
    where sign = 'app'
    union all
    select distinct
        'invited' as outcome, referrer_id as customer_id, invitation_date as outcome_date
    from {{ ref('stg_referrals') }}
),

known_outcomes as (
    select outcomes.*
    from outcomes
    inner join {{ ref('as_of') }} as as_of on outcomes.outcome_date <= as_of.as_of_date
),

told as (
    select distinct assignments.audience, assignments.customer_id
    from assignments
    inner join {{ ref('customer_contacts') }} as contacts
        on
            assignments.audience = contacts.campaign
            and assignments.customer_id = contacts.customer_id
            and contacts.contact_date between assignments.assigned_on and assignments.observed_to
),

reached as (
    select distinct assignments.audience, assignments.customer_id
    from assignments
    inner join known_outcomes as outcomes
        on
            assignments.outcome = outcomes.outcome
            and assignments.customer_id = outcomes.customer_id
            and assignments.assigned_on < outcomes.outcome_date
            and assignments.observed_to >= outcomes.outcome_date
),

arms as (
    select
        assignments.audience,
        assignments.customer_id,
        assignments.outcome,
        assignments.is_holdout,
        told.customer_id is not null as was_messaged,
        reached.customer_id is not null as has_outcome
    from assignments
    left join told
        on assignments.audience = told.audience and assignments.customer_id = told.customer_id
    left join reached
        on
            assignments.audience = reached.audience
            and assignments.customer_id = reached.customer_id
),

counted as (
    select
        audience,
        outcome,
        count(*) filter (where not is_holdout) as treated,
        count(*) filter (where is_holdout) as held_out,
        count(*) filter (where not is_holdout and was_messaged) as treated_messaged,
        count(*) filter (where is_holdout and was_messaged) as held_out_messaged,
        count(*) filter (where not is_holdout and has_outcome) as treated_with_outcome,
        count(*) filter (where is_holdout and has_outcome) as held_out_with_outcome
    from arms
    group by audience, outcome
),

rated as (
    select
        *,
        {{ ratio('treated_with_outcome', 'treated') }} as treated_outcome,
        {{ ratio('held_out_with_outcome', 'held_out') }} as held_out_outcome,
        {{ wilson_low('treated_with_outcome', 'treated') }} as treated_low,
        {{ wilson_high('treated_with_outcome', 'treated') }} as treated_high,
        {{ wilson_low('held_out_with_outcome', 'held_out') }} as held_out_low,
        {{ wilson_high('held_out_with_outcome', 'held_out') }} as held_out_high
    from counted
),

audience_uplift as (
    select
        audience,
        outcome as outcome_name,
        cast(treated as bigint) as treated,
        cast(held_out as bigint) as held_out,
        cast(treated_messaged as bigint) as treated_messaged,
        cast(held_out_messaged as bigint) as held_out_messaged,
        cast(treated_with_outcome as bigint) as treated_with_outcome,
        cast(held_out_with_outcome as bigint) as held_out_with_outcome,
        treated_outcome,
        held_out_outcome,
        treated_outcome - held_out_outcome as uplift,
        {{ difference_low('treated', 'held_out', 'outcome') }} as low,
        {{ difference_high('treated', 'held_out', 'outcome') }} as high
    from rated
)

select * from audience_uplift
