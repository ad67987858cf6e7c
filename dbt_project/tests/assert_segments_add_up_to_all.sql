-- A row is a cohort cell whose customers, told apart by a segment, are not all of them.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_retention'}}}) }}

with totals as (
    select
        study,
        period,
        segment_name,
        cohort_start,
        period_number,
        sum(cohort_size) as cohort_size,
        sum(retained_customers) as retained_customers,
        sum(revenue) as revenue
    from {{ ref('cohort_retention') }}
    group by study, period, segment_name, cohort_start, period_number
)

select parts.*
from totals as parts
inner join totals as total
    on
        parts.study = total.study
        and parts.period = total.period
        and parts.cohort_start = total.cohort_start
        and parts.period_number = total.period_number
        and total.segment_name = 'all'
where
    parts.cohort_size <> total.cohort_size
    or parts.retained_customers <> total.retained_customers
    or parts.revenue <> total.revenue
