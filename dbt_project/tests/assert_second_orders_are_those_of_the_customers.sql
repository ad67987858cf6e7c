-- A row is a horizon whose customers are not those of customer_value who were observed for so
-- long, or whose repeat customers are more than have a second order at all.
{{ config(meta={'dagster': {'ref': {'name': 'repeat_purchase'}}}) }}

with recounted as (
    select
        horizons.horizon,
        count(*) as customers,
        count(*) filter (where customers.orders > 1) as customers_with_two_orders
    from {{ ref('repeat_purchase') }} as horizons
    inner join {{ ref('customer_value') }} as customers
        on
            customers.orders > 0
            and customers.age_days >= coalesce(horizons.horizon_days, 0)
    group by horizons.horizon
)

select
    horizons.*,
    recounted.customers,
    recounted.customers_with_two_orders
from {{ ref('repeat_purchase') }} as horizons
left join recounted on horizons.horizon = recounted.horizon
where
    horizons.eligible_customers <> coalesce(recounted.customers, 0)
    or horizons.repeat_customers > coalesce(recounted.customers_with_two_orders, 0)
    or (
        horizons.horizon_days is null
        and horizons.repeat_customers <> recounted.customers_with_two_orders
    )
