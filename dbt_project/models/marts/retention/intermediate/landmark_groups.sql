{%- set outcomes = ['ordered', 'active', 'orders', 'revenue'] -%}
with customers as (
    select * from {{ ref('landmark_customers') }}
),

days as (
    select * from {{ ref('customer_activity_days') }}
),

behaved as (
    select distinct
        customers.customer_id,
        days.activity as behaviour
    from days
    inner join customers
        on
            days.customer_id = customers.customer_id
            and days.activity_date <= customers.landmark_date
),

summed as (
    select
        behaved.behaviour,
        {%- for outcome in outcomes %}
        sum(customers.{{ outcome }}) as {{ outcome }}_total,
        sum(customers.{{ outcome }} * customers.{{ outcome }}) as {{ outcome }}_squares,
        {%- endfor %}
        count(*) as customers
    from behaved
    inner join customers on behaved.customer_id = customers.customer_id
    group by behaved.behaviour
),

sums as (
    {%- for outcome in outcomes %}
    {{ 'union all' if not loop.first }}
    select
        behaviour, '{{ outcome }}' as outcome, customers,
        {{ outcome }}_total as total, {{ outcome }}_squares as squares
    from summed
    {%- endfor %}
),

behaviours as (
    select distinct activity as behaviour from days
    where activity <> 'any'
),

-- everybody did something on the first day; without orders there are none to compare
everybody as (
    select * from sums
    where
        behaviour = 'any'
        and (
            outcome = 'active'
            or exists (
                select 1 from behaviours
                where behaviours.behaviour = 'order'
            )
        )
),

landmark_groups as (
    select
        behaviours.behaviour,
        everybody.outcome,
        coalesce(sums.customers, 0) as members,
        everybody.customers - coalesce(sums.customers, 0) as others,
        coalesce(sums.total, 0) as member_total,
        everybody.total - coalesce(sums.total, 0) as other_total,
        coalesce(sums.squares, 0) as member_squares,
        everybody.squares - coalesce(sums.squares, 0) as other_squares
    from behaviours
    cross join everybody
    left join sums
        on behaviours.behaviour = sums.behaviour and everybody.outcome = sums.outcome
)

select * from landmark_groups
