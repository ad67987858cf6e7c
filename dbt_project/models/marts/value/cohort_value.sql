{#- Money of a month's new customers by age in months, with a row for months without any. -#}
with flows as (
    select * from {{ ref('customer_daily_revenue') }}
),

customers as (
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
    from flows
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
),

cumulated as (
    select
        *,
        sum(revenue) over so_far as cumulative_revenue,
        sum(revenue_cash) over so_far as cumulative_revenue_cash,
        sum(revenue - cost) over so_far as cumulative_margin,
        sum(orders_without_cost) over so_far = 0 as is_cost_known,
        -- what is missing from one age is missing from every sum after it
        case when min(cast(is_complete as int)) over so_far = 1 then cohort_size end
            as observed_customers
    from months
    window so_far as (partition by cohort_month order by age rows unbounded preceding)
),

cohort_value as (
    select
        cast(age as int) as months_since_first_order,
        cast(cohort_size as bigint) as cohort_size,
        {{ money('revenue') }} as revenue,
        {{ money('revenue_cash') }} as revenue_cash,
        {{ money('case when orders_without_cost = 0 then revenue - cost end') }} as gross_margin,
        {{ money('cumulative_revenue') }} as cumulative_revenue,
        {{ money('cumulative_revenue_cash') }} as cumulative_revenue_cash,
        {{ money('case when is_cost_known then cumulative_margin end') }}
            as cumulative_gross_margin,
        {{ ratio('cumulative_revenue', 'observed_customers') }} as cumulative_revenue_per_customer,
        {{ ratio('cumulative_revenue_cash', 'observed_customers') }}
            as cumulative_revenue_per_customer_cash,
        {{ ratio('case when is_cost_known then cumulative_margin end', 'observed_customers') }}
            as cumulative_gross_margin_per_customer,
        is_complete,
        cohort_month
    from cumulated
)

select * from cohort_value
