-- A row is a cohort month and age whose revenue is not the same in the order study of
-- cohort_retention as in cohort_value.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_retention'}}}) }}

with retention as (
    select cohort_start, period_number, cohort_size, revenue
    from {{ ref('cohort_retention') }}
    where study = 'order_to_order' and period = 'month' and segment_name = 'all'
),

cohorts as (
    select cohort_month, months_since_first_order, cohort_size, revenue
    from {{ ref('cohort_value') }}
    where months_since_first_order <= {{ var('retention_months') }}
)

select
    cohorts.*,
    retention.cohort_start,
    retention.period_number,
    retention.revenue as retention_revenue
from cohorts
full outer join retention
    on
        cohorts.cohort_month = retention.cohort_start
        and cohorts.months_since_first_order = retention.period_number
where
    cohorts.cohort_size is distinct from retention.cohort_size
    or cohorts.revenue is distinct from retention.revenue
