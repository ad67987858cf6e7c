with studies as (
    select * from {{ ref('stg_studies') }}
    where bucket = 'elapsed'
),

-- orders tell what the customers of a cohort spent, whatever the study is about
named as (
    select start_activity as activity from studies
    union
    select return_activity as activity from studies
    union
    select 'order' as activity from studies
),

facts as (
    select * from {{ ref('activity_facts') }}
),

moments as (
    select
        facts.customer_id,
        facts.activity,
        facts.occurrences,
        facts.revenue,
        facts.occurred_at
    from facts
    inner join named on facts.activity = named.activity
    union all
    select
        facts.customer_id,
        named.activity,
        facts.occurrences,
        facts.revenue,
        facts.occurred_at
    from facts
    inner join named on named.activity = 'any'
)

select * from moments
