-- A row is a cohort whose margin to date is not the sum of what its customers brought.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_value'}}}) }}

with cohorts as (
    select
        cohort_month,
        max_by(cumulative_gross_margin, months_since_first_order) as gross_margin
    from {{ ref('cohort_value') }}
    group by cohort_month
),

customers as (
    select
        cohort_month,
        case when count(*) = count(gross_margin) then sum(gross_margin) end as gross_margin
    from {{ ref('customer_value') }}
    where cohort_month is not null
    group by cohort_month
)

select
    cohorts.*,
    customers.gross_margin as gross_margin_of_customers
from cohorts
inner join customers on cohorts.cohort_month = customers.cohort_month
where cohorts.gross_margin is distinct from customers.gross_margin
