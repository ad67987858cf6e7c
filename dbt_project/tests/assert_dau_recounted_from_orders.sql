-- A row is a day on which the customers with an order, counted in the orders themselves, are
-- not those the mart calls active.
{{ config(meta={'dagster': {'ref': {'name': 'active_customers'}}}) }}

with ordered as (
    select order_date, count(distinct customer_id) as customers
    from {{ ref('orders') }}
    where order_date <= (select as_of.as_of_date from {{ ref('as_of') }} as as_of)
    group by order_date
),

active as (
    select activity_date, dau from {{ ref('active_customers') }}
    where activity = 'order' and segment_name = 'all'
)

select
    ordered.customers,
    active.dau,
    coalesce(active.activity_date, ordered.order_date) as activity_date
from active
full outer join ordered on active.activity_date = ordered.order_date
where coalesce(active.dau, 0) <> coalesce(ordered.customers, 0)
