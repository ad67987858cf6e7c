{#- What customers spent after the landmark up to a horizon, by segment, dealt into groups of equal
    size by a hash of the customer: a bootstrap of groups costs the same for any number of
    customers, and is one of customers where each of them is a group of their own. -#}
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

dealt as (
    select
        {{ segment_label() }} as segment,
        observed.horizon_days,
        coalesce(spent.revenue, 0) as revenue,
        row_number() over (
            partition by segments.segment_name, segments.segment_value, observed.horizon_days
            order by md5(observed.customer_id), observed.customer_id
        ) % {{ var('bootstrap_groups') }} as sample_group
    from observed
    inner join {{ ref('customer_segments') }} as segments
        on observed.customer_id = segments.customer_id
    left join spent
        on
            observed.customer_id = spent.customer_id
            and observed.horizon_days = spent.horizon_days
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
