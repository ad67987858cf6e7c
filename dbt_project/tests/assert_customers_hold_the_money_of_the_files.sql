-- A row says by how much the net revenue of all customers differs from the money the files hold
-- for customers, with an order or with refunds only.
{{ config(meta={'dagster': {'ref': {'name': 'customer_value'}}}) }}

with customers as (
    select coalesce(sum(net_revenue), 0) as net_revenue from {{ ref('customer_value') }}
),

files as (
    select coalesce(sum(amount_in_cohorts + amount_without_order), 0) as amount
    from {{ ref('source_accounting') }}
)

select
    files.amount,
    customers.net_revenue
from files
cross join customers
where files.amount <> customers.net_revenue
