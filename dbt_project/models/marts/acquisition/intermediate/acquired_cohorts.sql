{#- What the customers won by a source in a month brought, and when that had paid for them. -#}
with customers as (
    select * from {{ ref('first_order_outcomes') }}
),

sizes as (
    select source, month, count(*) as new_customers
    from customers
    group by source, month
),

flows as (
    select
        customers.source,
        customers.month,
        sum(orders.net_amount) as revenue,
        sum(orders.margin) as margin,
        min(case when orders.has_cost then 1 else 0 end) as has_costs,
        {{ month_start('orders.order_date') }} as order_month
    from {{ ref('order_values') }} as orders
    inner join customers on orders.customer_id = customers.customer_id
    group by customers.source, customers.month, {{ month_start('orders.order_date') }}
),

cumulated as (
    select
        flows.*,
        sum(flows.margin) over (
            partition by flows.source, flows.month order by flows.order_month
            rows unbounded preceding
        ) as cumulative_margin,
        months.is_complete
    from flows
    inner join {{ ref('calendar_periods') }} as months
        on months.period = 'month' and flows.order_month = months.period_start
),

totals as (
    select
        cumulated.source,
        cumulated.month,
        sum(cumulated.revenue) as revenue,
        sum(cumulated.margin) as margin,
        min(cumulated.has_costs) as has_costs,
        min(case
            when
                spending.spend > 0 and cumulated.cumulative_margin >= spending.spend
                and cumulated.is_complete
                then cumulated.order_month
        end) as payback_month
    from cumulated
    left join {{ ref('spend_months') }} as spending
        on cumulated.source = spending.source and cumulated.month = spending.month
    group by cumulated.source, cumulated.month
),

acquired_cohorts as (
    select
        sizes.source,
        cast(sizes.new_customers as bigint) as new_customers,
        {{ money('totals.revenue') }} as revenue,
        {{ money('totals.margin') }} as margin,
        totals.has_costs = 1 as has_costs,
        sizes.month,
        totals.payback_month
    from sizes
    inner join totals on sizes.source = totals.source and sizes.month = totals.month
)

select * from acquired_cohorts
