{#- Orders show how long a customer stays; a shop without any is judged by all activity. A life ends
    with its first silence: were it judged by the last, it would become longer with every return. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

movements as (
    select * from {{ ref('churn_movements') }}
    where base in ('order', 'any')
),

chosen as (
    select max(base) as base from movements
),

customers as (
    select
        movements.customer_key,
        min(movements.movement_date) filter (where movements.movement = 'new') as first_date,
        min(movements.movement_date) filter (where movements.movement = 'churned') as ended_date,
        count(*) filter (where movements.movement = 'reactivated') > 0 as has_resumed
    from movements
    inner join chosen on movements.base = chosen.base
    group by movements.customer_key
),

lifespans as (
    select
        customers.customer_key,
        {{ day_diff(
            'customers.first_date', 'coalesce(customers.ended_date, as_of.as_of_date)'
        ) }} as lifespan_days,
        customers.ended_date is not null as has_ended,
        customers.has_resumed
    from customers
    cross join as_of
)

select * from lifespans
