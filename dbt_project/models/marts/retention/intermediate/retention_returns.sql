{{ config(materialized='view') }}

with studies as (
    select * from {{ ref('study_views') }}
    where bucket = 'calendar'
),

periods as (
    select * from {{ ref('viewed_periods') }}
),

returns as (
    select
        studies.study,
        periods.period,
        periods.customer_id,
        periods.period_index,
        case when studies.min_occurrences = 1 then periods.next_index is null end as is_last
    from periods
    inner join studies
        on
            periods.activity = studies.return_activity
            and periods.occurrences >= studies.min_occurrences
)

select * from returns
