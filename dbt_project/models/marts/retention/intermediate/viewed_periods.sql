{{ config(materialized='view') }}

with periods as (
    select * from {{ ref('customer_activity_periods') }}
),

kinds as (
    select distinct period from {{ ref('calendar_periods') }}
),

recalled as (
    select
        facts.customer_id,
        facts.activity,
        kinds.period,
        {{ period_index('kinds.period', 'facts.activity_date') }} as period_index,
        facts.occurrences,
        facts.revenue
    from {{ ref('recalled_facts') }} as facts
    cross join kinds
),

summed as (
    select
        customer_id, activity, period, period_index,
        cast(sum(occurrences) as bigint) as occurrences,
        {{ money('sum(revenue)') }} as revenue
    from recalled
    group by customer_id, activity, period, period_index
),

viewed as (
    select
        customer_id, activity, period, period_index, previous_index, next_index,
        occurrences, revenue
    from periods
    union all
    select
        customer_id, activity, period, period_index,
        {{ neighbouring_periods('customer_id, activity, period') }},
        occurrences, revenue
    from summed
)

select * from viewed
