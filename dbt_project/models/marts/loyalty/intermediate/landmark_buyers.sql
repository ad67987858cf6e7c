{#- Only what follows the landmark counts: who stays longer has more time to join and to rise, so
    that members and higher tiers would look loyal whatever the programme does. -#}
{%- set outcome_days = var('churn_after_days') -%}
with landmarks as (
    select
        acquired.customer_id,
        {{ add_days('acquired.first_order_date', var('landmark_day')) }} as landmark_date
    from {{ ref('first_order_outcomes') }} as acquired
    inner join {{ ref('as_of') }} as as_of
        on
            {{ add_days('acquired.first_order_date', var('landmark_day') + outcome_days) }}
            <= as_of.as_of_date
),

bought as (
    select
        landmarks.customer_id,
        {{ money('sum(orders.net_amount)') }} as revenue
    from landmarks
    inner join {{ ref('order_values') }} as orders
        on
            landmarks.customer_id = orders.customer_id
            and landmarks.landmark_date < orders.order_date
            and {{ add_days('landmarks.landmark_date', outcome_days) }} >= orders.order_date
    group by landmarks.customer_id
),

landmark_buyers as (
    select
        landmarks.customer_id,
        bought.customer_id is not null as is_retained,
        coalesce(bought.revenue, 0) as revenue,
        landmarks.landmark_date
    from landmarks
    left join bought on landmarks.customer_id = bought.customer_id
)

select * from landmark_buyers
