{#- Money of a customer by day: orders on their day, refunds on the order's day (cohort view) and on
    their own (cash view); the cost of goods follows the cohort view. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

refunds as (
    {{ up_to_as_of('refunds', 'refund_date') }}
),

movements as (
    select
        customer_id,
        amount as revenue,
        amount as revenue_cash,
        coalesce(cost_amount, 0) as cost,
        case when cost_amount is null then 1 else 0 end as orders_without_cost,
        order_date as flow_date
    from {{ ref('orders') }}
    union all
    select
        customer_id,
        -amount as revenue,
        0 as revenue_cash,
        -returned_cost as cost,
        0 as orders_without_cost,
        order_date as flow_date
    from refunds
    where order_date is not null
    union all
    select
        customer_id,
        0 as revenue,
        -amount as revenue_cash,
        0 as cost,
        0 as orders_without_cost,
        refund_date as flow_date
    from refunds
),

flows as (
    select
        movements.customer_id,
        sum(movements.revenue) as revenue,
        sum(movements.revenue_cash) as revenue_cash,
        sum(movements.cost) as cost,
        sum(movements.orders_without_cost) as orders_without_cost,
        movements.flow_date
    from movements
    inner join as_of on movements.flow_date <= as_of.as_of_date
    where movements.customer_id is not null
    group by movements.customer_id, movements.flow_date
)

select * from flows
