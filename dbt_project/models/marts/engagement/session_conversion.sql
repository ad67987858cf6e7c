with visitors as (
    select * from {{ ref('session_visitors') }}
),

orders as (
    select count(*) as known_orders from {{ ref('orders') }}
),

totals as (
    select
        month, segment_name, segment_value,
        sum(sessions) as sessions,
        sum(converted_sessions) as converted_sessions,
        sum(orders) as orders,
        count(customer_id) as customers,
        count(anonymous_id) as anonymous_visitors,
        sum(case when customer_id is not null then sessions end) as customer_sessions,
        percentile_cont(0.5) within group (
            order by case when customer_id is not null then cast(sessions as double) end
        ) as median_sessions_per_customer
    from visitors
    group by month, segment_name, segment_value
),

spine as (
    select segments.segment_name, segments.segment_value, months.is_complete, months.month
    from (select distinct segment_name, segment_value from totals) as segments
    cross join {{ ref('conversion_months') }} as months
),

counted as (
    select
        spine.*,
        coalesce(totals.sessions, 0) as sessions,
        coalesce(totals.converted_sessions, 0) as converted_sessions,
        coalesce(totals.orders, 0) as orders,
        coalesce(totals.customers, 0) as customers,
        coalesce(totals.anonymous_visitors, 0) as anonymous_visitors,
        coalesce(totals.customer_sessions, 0) as customer_sessions,
        totals.median_sessions_per_customer,
        case when spine.is_complete and orders.known_orders > 0 then totals.sessions end
            as observed_sessions
    from spine
    cross join orders
    left join totals
        on
            spine.month = totals.month
            and spine.segment_name = totals.segment_name
            and spine.segment_value = totals.segment_value
),

session_conversion as (
    select
        segment_name,
        segment_value,
        cast(sessions as bigint) as sessions,
        cast(converted_sessions as bigint) as converted_sessions,
        cast(orders as bigint) as orders,
        cast(customers as bigint) as customers,
        cast(anonymous_visitors as bigint) as anonymous_visitors,
        {{ ratio('converted_sessions', 'observed_sessions') }} as conversion_rate,
        {{ wilson_low('converted_sessions', 'observed_sessions') }} as rate_low,
        {{ wilson_high('converted_sessions', 'observed_sessions') }} as rate_high,
        {{ ratio('customer_sessions', 'customers') }} as sessions_per_customer,
        cast(median_sessions_per_customer as double) as median_sessions_per_customer,
        is_complete,
        month
    from counted
)

select * from session_conversion
