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

moments as (
    select facts.customer_id, named.activity, facts.occurrences, facts.revenue, facts.occurred_at
    from {{ ref('activity_facts') }} as facts
    inner join named on named.activity in (facts.activity, 'any')
    union all
    select facts.customer_id, facts.activity, facts.occurrences, facts.revenue, facts.occurred_at
    from {{ ref('recalled_facts') }} as facts
    inner join named on facts.activity = named.activity
)

select * from moments
