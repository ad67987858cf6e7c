{#- The input of the simple formula for lifetime value: the orders of the last year. -#}
with as_of as (
    select
        {{ add_days('as_of_date', -365) }} as year_before,
        history_starts_on <= {{ add_days('as_of_date', -364) }} as is_year_known
    from {{ ref('as_of') }}
),

buyers as (
    select customer_id from {{ ref('customer_orders') }}
    where first_order_date is not null
),

bought as (
    select
        days.customer_id,
        sum(days.occurrences) as orders,
        sum(days.revenue) as revenue
    from {{ ref('customer_activity_days') }} as days
    inner join as_of on days.activity_date > as_of.year_before and as_of.is_year_known
    where days.activity = 'order'
    group by days.customer_id
),

purchases as (
    select
        {{ segment_label() }} as segment,
        segments.segment_name,
        segments.segment_value,
        count(*) as buyers,
        count(bought.customer_id) as buyers_of_year,
        coalesce(sum(bought.orders), 0) as orders_of_year,
        coalesce(sum(bought.revenue), 0) as revenue_of_year
    from buyers
    inner join {{ ref('customer_segments') }} as segments
        on buyers.customer_id = segments.customer_id
    left join bought on buyers.customer_id = bought.customer_id
    group by segments.segment_name, segments.segment_value
)

select * from purchases
