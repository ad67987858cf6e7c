{#- Who is in which arm is told by the hash and never by who got a message: those who could not be
    reached stay in theirs. -#}
with assignments as (
    select * from {{ ref('audience_assignments') }}
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
    inner join {{ ref('audience_outcomes') }} as outcomes
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
)

select * from arms
