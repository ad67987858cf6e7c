with studies as (
    select * from {{ ref('study_views') }}
    where bucket = 'elapsed'
),

-- orders tell what the customers of a cohort spent, whatever the study is about
named as (
    select start_activity as activity from studies
    union
    select return_activity as activity from studies
    union
    select revenue_activity as activity from studies
),

facts as (
    select customer_id, activity, occurrences, revenue, occurred_at
    from {{ ref('activity_facts') }}
    union all
    select customer_id, 'any' as activity, occurrences, revenue, occurred_at
    from {{ ref('activity_facts') }}
    union all
    select customer_id, activity, occurrences, revenue, occurred_at
    from {{ ref('recalled_facts') }}
),

moments as (
    select facts.*
    from facts
    inner join named on facts.activity = named.activity
)

select * from moments
