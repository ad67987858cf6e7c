{#- A purchase is a day with an order, as the purchase models want it: two on one day are one. -#}
with split as (
    select * from {{ ref('prediction_split') }}
),

parts as (
    select 'calibration' as part, calibration_end_date as end_date from split
    union all
    select 'history' as part, as_of_date as end_date from split
),

days as (
    select days.customer_id, days.activity_date, days.revenue, customers.first_order_date
    from {{ ref('customer_activity_days') }} as days
    inner join {{ ref('customer_orders') }} as customers
        on days.customer_id = customers.customer_id
    where days.activity = 'order'
),

summed as (
    select
        parts.part,
        days.customer_id,
        parts.end_date,
        days.first_order_date,
        max(case when days.activity_date <= parts.end_date then days.activity_date end)
            as last_order_date,
        count(case when days.activity_date <= parts.end_date then 1 end) - 1 as frequency,
        sum(case
            when
                days.activity_date > days.first_order_date and days.activity_date <= parts.end_date
                then days.revenue
            else 0
        end) as repeat_revenue,
        count(case when days.activity_date > parts.end_date then 1 end) as later_orders
    from days
    inner join parts on days.first_order_date <= parts.end_date
    group by parts.part, days.customer_id, parts.end_date, days.first_order_date
),

histories as (
    select
        part,
        customer_id,
        cast(frequency as int) as frequency,
        {{ day_diff('first_order_date', 'last_order_date') }} as recency_days,
        {{ day_diff('first_order_date', 'end_date') }} as age_days,
        {{ money('repeat_revenue') }} as repeat_revenue,
        cast(later_orders as int) as later_orders
    from summed
)

select * from histories
