{#- Orders show how long a customer stays; a shop without any is judged by all activity. -#}
{%- set after_days = var('churn_after_days') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

days as (
    select * from {{ ref('customer_activity_days') }}
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
            when {{ add_days('customers.last_date', after_days) }} <= as_of.as_of_date
                then
                    {{ day_diff('customers.first_date', 'customers.last_date') }}
                    + {{ after_days }}
            else {{ day_diff('customers.first_date', 'as_of.as_of_date') }}
        end as lifespan_days,
        {{ add_days('customers.last_date', after_days) }} <= as_of.as_of_date as has_ended,
        customers.first_date,
        customers.last_date
    from customers
    cross join as_of
)

select * from lifespans
