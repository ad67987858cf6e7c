{{ config(materialized='view') }}

with studies as (
    select * from {{ ref('study_variants') }}
),

periods as (
    select * from {{ ref('viewed_periods') }}
),

entries as (
    select
        studies.study,
        periods.period,
        periods.customer_id,
        periods.period_index as cohort_index
    from periods
    inner join studies on periods.activity = studies.start_activity
    where studies.entry = 'recurring' or periods.previous_index is null
)

select * from entries
