-- A row says by how much the revenue of all cohorts differs from the money that the orders and the
-- refunds of the files hold for their customers.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_value'}}}) }}

with cohorts as (
    select coalesce(sum(revenue), 0) as revenue from {{ ref('cohort_value') }}
),

files as (
    select coalesce(sum(amount_in_cohorts), 0) as amount_in_cohorts
    from {{ ref('source_accounting') }}
)

select
    files.amount_in_cohorts,
    cohorts.revenue
from files
cross join cohorts
where files.amount_in_cohorts <> cohorts.revenue
