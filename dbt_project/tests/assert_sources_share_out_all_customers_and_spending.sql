-- A row is a figure of the whole shop that its sources do not add up to.
{{ config(meta={'dagster': {'ref': {'name': 'acquisition'}}}) }}

with sources as (
    select
        coalesce(sum(new_customers), 0) as new_customers,
        coalesce(sum(revenue_to_date), 0) as revenue,
        coalesce(sum(spend), 0) as spend,
        coalesce(sum(sessions), 0) as sessions
    from {{ ref('acquisition') }}
),

buyers as (
    select count(*) as new_customers, coalesce(sum(net_revenue), 0) as revenue
    from {{ ref('customer_value') }}
    where orders > 0
),

shop as (
    select
        buyers.*,
        (select coalesce(sum(months.spend), 0) from {{ ref('spend_months') }} as months) as spend,
        (
            select count(*)
            from {{ ref('sessions') }} as sessions
            inner join {{ ref('as_of') }} as as_of on sessions.session_date <= as_of.as_of_date
        ) as sessions
    from buyers
)

select
    sources.*,
    shop.*
from sources
cross join shop
where
    sources.new_customers <> shop.new_customers
    or sources.revenue <> shop.revenue
    or sources.spend <> shop.spend
    or sources.sessions <> shop.sessions
