{#- Money of a month's new customers by age in months, with a row for months without any. -#}
with customers as (
    select
        customer_id,
        {{ month_start('first_order_date') }} as cohort_month
    from {{ ref('customer_orders') }}
    where first_order_date is not null
),

sizes as (
    select cohort_month, count(*) as cohort_size
    from customers
    group by cohort_month
),

aged as (
    select
        customers.cohort_month,
        flows.revenue,
        flows.revenue_cash,
        flows.cost,
        flows.orders_without_cost,
        -- a refund dated before the first order belongs to age 0, as its order does
        greatest(
            0, {{ month_number('flows.flow_date') }} - {{ month_number('customers.cohort_month') }}
        ) as age
    from {{ ref('value_flows') }} as flows
    inner join customers on flows.customer_id = customers.customer_id
),

totals as (
    select
        cohort_month,
        age,
        sum(revenue) as revenue,
        sum(revenue_cash) as revenue_cash,
        sum(cost) as cost,
        sum(orders_without_cost) as orders_without_cost
    from aged
    group by cohort_month, age
),

cells as (
    select
        sizes.cohort_month,
        sizes.cohort_size,
        months.period_index - {{ month_number('sizes.cohort_month') }} as age,
        months.is_complete
    from sizes
    inner join {{ ref('calendar_periods') }} as months
        on months.period = 'month' and sizes.cohort_month <= months.period_start
),

months as (
    select
        cells.age,
        cells.cohort_size,
        coalesce(totals.orders_without_cost, 0) as orders_without_cost,
        coalesce(totals.revenue, 0) as revenue,
        coalesce(totals.revenue_cash, 0) as revenue_cash,
        coalesce(totals.cost, 0) as cost,
        cells.is_complete,
        cells.cohort_month
    from cells
    left join totals
        on cells.cohort_month = totals.cohort_month and cells.age = totals.age
)

select * from months
