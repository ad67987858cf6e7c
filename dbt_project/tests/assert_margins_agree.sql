-- A row is a cohort whose margin to date is not the sum of what its customers brought.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_value'}}}) }}

with last_months as (
    select cohort_month, max(months_since_first_order) as last_month
    from {{ ref('cohort_value') }}
    group by cohort_month
),

-- max_by would pass over a margin that is not known
cohorts as (
    select last_months.cohort_month, months.cumulative_gross_margin as gross_margin
    from last_months
    inner join {{ ref('cohort_value') }} as months
        on
            last_months.cohort_month = months.cohort_month
            and last_months.last_month = months.months_since_first_order
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
