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
        -- a refund dated before the first order belongs to age 0, as its order does
        greatest(
            0, {{ month_number('flows.flow_date') }} - {{ month_number('customers.cohort_month') }}
        ) as age
    from {{ ref('value_flows') }} as flows
    inner join customers on flows.customer_id = customers.customer_id
),

totals as (
    select cohort_month, age, sum(revenue) as revenue, sum(revenue_cash) as revenue_cash
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

cumulated as (
    select
        cells.*,
        coalesce(totals.revenue, 0) as revenue,
        coalesce(totals.revenue_cash, 0) as revenue_cash,
        coalesce(sum(totals.revenue) over so_far, 0) as cumulative_revenue,
        coalesce(sum(totals.revenue_cash) over so_far, 0) as cumulative_revenue_cash,
        case when cells.is_complete then cells.cohort_size end as observed_customers
    from cells
    left join totals
        on cells.cohort_month = totals.cohort_month and cells.age = totals.age
    window so_far as (partition by cells.cohort_month order by cells.age rows unbounded preceding)
),

cohort_value as (
    select
        cast(age as int) as months_since_first_order,
        cast(cohort_size as bigint) as cohort_size,
        {{ money('revenue') }} as revenue,
        {{ money('revenue_cash') }} as revenue_cash,
        {{ money('cumulative_revenue') }} as cumulative_revenue,
        {{ money('cumulative_revenue_cash') }} as cumulative_revenue_cash,
        {{ ratio('cumulative_revenue', 'observed_customers') }} as cumulative_revenue_per_customer,
        {{ ratio('cumulative_revenue_cash', 'observed_customers') }}
            as cumulative_revenue_per_customer_cash,
        is_complete,
        cohort_month
    from cumulated
)

select * from cohort_value
