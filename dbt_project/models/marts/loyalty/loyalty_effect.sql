{#- Who is a member is fixed at the landmark, and only what follows is compared: who stays longer
    has more time to join, so that members would look loyal whatever the programme does. -#}
{%- set days = var('landmark_day') + var('churn_after_days') -%}
with members as (
    select customer_id, first_movement from {{ ref('loyalty_balances') }}
),

landmarks as (
    select
        acquired.customer_id,
        {{ add_days('acquired.first_order_date', var('landmark_day')) }} as landmark_date
    from {{ ref('first_order_outcomes') }} as acquired
    inner join {{ ref('as_of') }} as as_of
        on {{ add_days('acquired.first_order_date', days) }} <= as_of.as_of_date
    where exists (select 1 from {{ ref('loyalty_balances') }})
),

customers as (
    select
        landmarks.*,
        case
            when members.first_movement <= landmarks.landmark_date then 'members'
            else 'others'
        end as customer_group
    from landmarks
    left join members on landmarks.customer_id = members.customer_id
),

bought as (
    select
        customers.customer_id,
        {{ money('sum(orders.net_amount)') }} as revenue
    from customers
    inner join {{ ref('order_values') }} as orders
        on
            customers.customer_id = orders.customer_id
            and customers.landmark_date < orders.order_date
            and {{ add_days('customers.landmark_date', var('churn_after_days')) }}
            >= orders.order_date
    group by customers.customer_id
),

totals as (
    select
        customers.customer_group,
        count(*) as customers,
        count(bought.customer_id) as retained_customers,
        coalesce(sum(bought.revenue), 0) as revenue,
        coalesce(sum(bought.revenue * bought.revenue), 0) as squares
    from customers
    left join bought on customers.customer_id = bought.customer_id
    group by customers.customer_group
),

rated as (
    select
        customer_group,
        customers,
        retained_customers,
        {{ ratio('retained_customers', 'customers') }} as rate_outcome,
        {{ wilson_low('retained_customers', 'customers') }} as rate_low,
        {{ wilson_high('retained_customers', 'customers') }} as rate_high,
        {{ ratio('revenue', 'customers') }} as value_per_customer,
        {{ mean_bound('revenue', 'squares', 'customers', '-') }} as value_low,
        {{ mean_bound('revenue', 'squares', 'customers', '+') }} as value_high,
        {{ squared_error('revenue', 'squares', 'customers') }} as value_error
    from totals
),

{{ group_comparison('rated', 'members', 'others', 'customers') }},

loyalty_effect as (
    select
        rated.customer_group,
        cast({{ var('landmark_day') }} as int) as landmark_day,
        cast({{ var('churn_after_days') }} as int) as outcome_days,
        cast(rated.customers as bigint) as customers,
        cast(rated.retained_customers as bigint) as retained_customers,
        rated.rate_outcome as retention_rate,
        rated.rate_low,
        rated.rate_high,
        rated.value_per_customer,
        rated.value_low,
        rated.value_high,
        compared.rate_difference,
        compared.rate_difference_low,
        compared.rate_difference_high,
        compared.value_difference,
        compared.value_difference_low,
        compared.value_difference_high
    from rated
    left join compared on rated.customer_group = compared.customer_group
)

select * from loyalty_effect
