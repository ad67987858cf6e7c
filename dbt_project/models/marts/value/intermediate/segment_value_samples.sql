{#- What customers spent after the landmark up to a horizon, by segment. -#}
{%- set landmark = add_days('customers.first_order_date', var('landmark_day')) -%}
{%- set end = add_days('customers.first_order_date', 'horizons.horizon_days') -%}
with customers as (
    select customer_id, first_order_date from {{ ref('customer_orders') }}
    where first_order_date is not null
),

horizons as (
    {%- for horizon in var('value_horizon_days') %}
    {{ 'union all' if not loop.first }}
    select {{ horizon }} as horizon_days
    {%- endfor %}
),

observed as (
    select
        customers.customer_id,
        horizons.horizon_days,
        {{ landmark }} as landmark_date,
        {{ end }} as end_date
    from customers
    cross join horizons
    cross join {{ ref('as_of') }} as as_of
    where horizons.horizon_days > {{ var('landmark_day') }} and {{ end }} <= as_of.as_of_date
),

spent as (
    select observed.customer_id, observed.horizon_days, sum(flows.revenue) as revenue
    from observed
    inner join {{ ref('customer_daily_revenue') }} as flows
        on
            observed.customer_id = flows.customer_id
            and observed.landmark_date < flows.flow_date
            and observed.end_date >= flows.flow_date
    group by observed.customer_id, observed.horizon_days
),

valued as (
    select
        observed.customer_id,
        {{ segment_label() }} as segment,
        observed.horizon_days,
        coalesce(spent.revenue, 0) as revenue
    from observed
    inner join {{ ref('customer_segments') }} as segments
        on observed.customer_id = segments.customer_id
    left join spent
        on
            observed.customer_id = spent.customer_id
            and observed.horizon_days = spent.horizon_days
),

dealt as (
    select
        *,
        {{ dealt_group('segment, horizon_days') }} as sample_group
    from valued
),

samples as (
    select
        segment,
        horizon_days,
        cast(sample_group as int) as sample_group,
        count(*) as members,
        {{ money('sum(revenue)') }} as revenue
    from dealt
    group by segment, horizon_days, sample_group
)

select * from samples
