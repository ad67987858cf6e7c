{#- What followed a customer's first order within a fixed time, the same for everybody. -#}
{%- set repeat_days = var('churn_after_days') -%}
{%- set value_days = var('referral_value_days') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

orders as (
    select * from {{ ref('order_values') }}
),

profiles as (
    select customer_id, acquisition_source from {{ ref('stg_customers') }}
),

-- where customers came from, and when they were won
customers as (
    select
        orders.customer_id,
        coalesce(profiles.acquisition_source, orders.source, 'unknown') as source,
        {{ month_start('orders.order_date') }} as month,
        orders.order_date as first_order_date
    from orders
    left join profiles on orders.customer_id = profiles.customer_id
    where orders.order_number = 1
),

totals as (
    select
        customers.customer_id,
        min(case when orders.order_number = 1 then orders.order_id end) as first_order_id,
        min(case when orders.order_number = 2 then orders.order_date end) as second_order_date,
        sum(case
            when orders.order_date < {{ add_days('customers.first_order_date', value_days) }}
                then orders.net_amount
        end) as revenue
    from customers
    inner join orders on customers.customer_id = orders.customer_id
    group by customers.customer_id
),

first_order_outcomes as (
    select
        customers.customer_id,
        customers.source,
        totals.first_order_id,
        {{ money('totals.revenue') }} as revenue,
        {{ add_days('customers.first_order_date', repeat_days) }} <= as_of.as_of_date
            as repeat_is_observed,
        coalesce(
            totals.second_order_date <= {{ add_days('customers.first_order_date', repeat_days) }},
            false
        ) as has_repeated,
        {{ add_days('customers.first_order_date', value_days - 1) }} <= as_of.as_of_date
            as revenue_is_observed,
        customers.month,
        customers.first_order_date
    from customers
    inner join totals on customers.customer_id = totals.customer_id
    cross join as_of
)

select * from first_order_outcomes
