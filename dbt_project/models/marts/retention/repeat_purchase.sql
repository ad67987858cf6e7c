with orders as (
    {{ up_to_as_of('orders', 'order_date') }}
    where orders.customer_id is not null
),

numbered as (
    select
        *,
        row_number() over (partition by customer_id order by ordered_at, order_id) as order_number,
        lag(order_date) over (partition by customer_id order by ordered_at, order_id)
            as previous_date,
        min(order_date) over (partition by customer_id) as first_date
    from orders
),

measured as (
    select
        numbered.order_number,
        {{ day_diff('numbered.first_date', 'numbered.order_date') }} as days_since_first,
        {{ day_diff('numbered.previous_date', 'numbered.order_date') }} as days_since_previous,
        {{ day_diff('numbered.first_date', 'as_of.as_of_date') }} as observed_days
    from numbered
    cross join {{ ref('as_of') }} as as_of
),

horizons as (
    {%- for days in var('repeat_purchase_days') %}
    select '{{ days }} days' as horizon, {{ days }} as horizon_days
    union all
    {%- endfor %}
    select 'ever' as horizon, cast(null as int) as horizon_days
),

counted as (
    select
        horizons.horizon,
        count(*) filter (where measured.order_number = 1) as eligible_customers,
        count(*) filter (where measured.order_number = 2) as repeat_customers,
        percentile_cont(0.25) within group (order by measured.days_since_previous) as quartile_1,
        percentile_cont(0.5) within group (order by measured.days_since_previous) as quartile_2,
        percentile_cont(0.75) within group (order by measured.days_since_previous) as quartile_3
    from measured
    inner join horizons
        on
            horizons.horizon_days is null
            or (
                measured.observed_days >= horizons.horizon_days
                and measured.days_since_first <= horizons.horizon_days
            )
    group by horizons.horizon
),

repeat_purchase as (
    select
        horizons.horizon,
        cast(horizons.horizon_days as int) as horizon_days,
        cast(coalesce(counted.eligible_customers, 0) as bigint) as eligible_customers,
        cast(coalesce(counted.repeat_customers, 0) as bigint) as repeat_customers,
        {{ ratio('counted.repeat_customers', 'counted.eligible_customers') }} as repeat_rate,
        {{ wilson_low('counted.repeat_customers', 'counted.eligible_customers') }} as rate_low,
        {{ wilson_high('counted.repeat_customers', 'counted.eligible_customers') }} as rate_high,
        cast(counted.quartile_1 as double) as lower_quartile_days_between_orders,
        cast(counted.quartile_2 as double) as median_days_between_orders,
        cast(counted.quartile_3 as double) as upper_quartile_days_between_orders
    from horizons
    left join counted on horizons.horizon = counted.horizon
    where exists (select 1 from measured)
)

select * from repeat_purchase
