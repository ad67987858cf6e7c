with as_of as (
    select * from "build"."core"."as_of"
),

days as (
    select * from "build"."core"."customer_activity_days"
),

chosen as (
    select case when count(*) > 0 then 'order' else 'any' end as activity
    from days
    where activity = 'order'
),

customers as (
    select
        days.customer_id,
        min(days.activity_date) as first_date,
        max(days.activity_date) as last_date
    from days
    inner join chosen on days.activity = chosen.activity
    group by days.customer_id
),

lifespans as (
    select
        customers.customer_id,
        case
            when cast(date_add(customers.last_date, cast(90 as int)) as date) <= as_of.as_of_date
                then
                    cast(
        (date_diff('day', customers.first_date::timestamp, customers.last_date::timestamp ))
     as int)
                    + 90
            else cast(
        (date_diff('day', customers.first_date::timestamp, as_of.as_of_date::timestamp ))
     as int)
        end as lifespan_days,
        cast(date_add(customers.last_date, cast(90 as int)) as date) <= as_of.as_of_date as has_ended,
        customers.first_date,
        customers.last_date
    from customers
    cross join as_of
)

select * from lifespans