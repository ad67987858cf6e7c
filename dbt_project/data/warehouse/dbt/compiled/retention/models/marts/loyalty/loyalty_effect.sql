with members as (
    select customer_id, first_movement from "build"."marts"."loyalty_balances"
),

landmarks as (
    select
        acquired.customer_id,
        cast(date_add(acquired.first_order_date, cast(30 as int)) as date) as landmark_date
    from "build"."core"."first_order_outcomes" as acquired
    inner join "build"."core"."as_of" as as_of
        on cast(date_add(acquired.first_order_date, cast(120 as int)) as date) <= as_of.as_of_date
    where exists (select 1 from "build"."marts"."loyalty_balances")
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
        cast(sum(orders.net_amount) as decimal(18, 4)) as revenue
    from customers
    inner join "build"."core"."order_values" as orders
        on
            customers.customer_id = orders.customer_id
            and customers.landmark_date < orders.order_date
            and cast(date_add(customers.landmark_date, cast(90 as int)) as date)
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

loyalty_effect as (
    select
        customer_group,
        cast(30 as int) as landmark_day,
        cast(90 as int) as outcome_days,
        cast(customers as bigint) as customers,
        cast(retained_customers as bigint) as retained_customers,
        cast(cast(retained_customers as double) / cast(nullif(customers, 0) as double) as double) as retention_rate,
        cast(case
            when customers > 0 and retained_customers = 0 then 0e0
            when customers > 0 and retained_customers between 0 and customers then (
                (cast(retained_customers as double) / cast(customers as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(customers as double))
                - 1.959963984540054e0 * sqrt((cast(retained_customers as double) / cast(customers as double)) * (1e0 - (cast(retained_customers as double) / cast(customers as double))) / cast(customers as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(customers as double) * cast(customers as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(customers as double))
        end as double) as rate_low,
        cast(case
            when customers > 0 and retained_customers = customers then 1e0
            when customers > 0 and retained_customers between 0 and customers then (
                (cast(retained_customers as double) / cast(customers as double)) + 1.959963984540054e0 * 1.959963984540054e0 / (2e0 * cast(customers as double))
                + 1.959963984540054e0 * sqrt((cast(retained_customers as double) / cast(customers as double)) * (1e0 - (cast(retained_customers as double) / cast(customers as double))) / cast(customers as double) + 1.959963984540054e0 * 1.959963984540054e0 / (4e0 * cast(customers as double) * cast(customers as double)))
            ) / (1e0 + 1.959963984540054e0 * 1.959963984540054e0 / cast(customers as double))
        end as double) as rate_high,
        cast(cast(revenue as double) / cast(nullif(customers, 0) as double) as double) as value_per_customer,
        cast(cast(cast(revenue as double) / cast(nullif(customers, 0) as double) as double) - 1.959963984540054e0 * sqrt(cast(nullif(greatest(
            cast(squares as double)
            - cast(revenue as double) * cast(revenue as double)
            / cast(nullif(customers, 0) as double),
            0e0
        ), 0e0) / nullif(cast(customers as double) * (cast(customers as double) - 1e0), 0e0) as double)) as double) as value_low,
        cast(cast(cast(revenue as double) / cast(nullif(customers, 0) as double) as double) + 1.959963984540054e0 * sqrt(cast(nullif(greatest(
            cast(squares as double)
            - cast(revenue as double) * cast(revenue as double)
            / cast(nullif(customers, 0) as double),
            0e0
        ), 0e0) / nullif(cast(customers as double) * (cast(customers as double) - 1e0), 0e0) as double)) as double) as value_high
    from totals
)

select * from loyalty_effect