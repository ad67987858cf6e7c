{{ config(materialized='view') }}

with customer_activity_days as (
    select
        customers.customer_id,
        activities.activity,
        days.occurrences,
        days.revenue,
        days.activity_date
    from {{ ref('activity_days') }} as days
    inner join {{ ref('customer_keys') }} as customers
        on days.customer_key = customers.customer_key
    inner join {{ ref('activity_keys') }} as activities
        on days.activity_key = activities.activity_key
)

select * from customer_activity_days
