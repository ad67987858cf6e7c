{%- set visitor = 'customer_id, case when customer_id is null then anonymous_id end' -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

periods as (
    select * from {{ ref('calendar_periods') }}
),

missing as (
    select * from {{ ref('missing_activity_days') }}
    where activity in ('session', 'order')
),

known_orders as (
    {{ up_to_as_of('orders', 'order_date') }}
),

sessions as (
    {{ up_to_as_of('sessions', 'session_date') }}
),

-- guests order in visits too, but are not customers
bought as (
    select visits.session_id, count(*) as orders
    from {{ ref('session_attribution') }} as visits
    inner join known_orders
        on visits.activity = 'order' and visits.moment_id = known_orders.order_id
    where known_orders.customer_id is not null
    group by visits.session_id
),

visits as (
    select
        sessions.*,
        coalesce(bought.orders, 0) as orders,
        {{ month_start('sessions.session_date') }} as month
    from sessions
    left join bought on sessions.session_id = bought.session_id
),

cut as (
    select *, 'all' as segment_name, 'all' as segment_value from visits
    {%- for segment in ['source', 'device'] %}
    union all
    select *, '{{ segment }}' as segment_name, coalesce({{ segment }}, 'unknown') as segment_value
    from visits
    {%- endfor %}
),

-- visits without any id share a row
visitors as (
    select
        {{ visitor }} as anonymous_id,
        segment_name,
        segment_value,
        count(*) as sessions,
        count(*) filter (where orders > 0) as converted_sessions,
        sum(orders) as orders,
        month
    from cut
    group by {{ visitor }}, segment_name, segment_value, month
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

-- a month is known once the orders of its last visits are
windows as (
    select
        is_complete,
        period_start as month,
        {{ add_days('period_end', (var('conversion_window_hours') + 23) // 24) }} as window_end
    from periods
    where period = 'month'
),

months as (
    select
        windows.is_complete
        and windows.window_end <= as_of.as_of_date
        and count(missing.missing_date) = 0 as is_complete,
        windows.month
    from windows
    cross join as_of
    left join missing on missing.missing_date between windows.month and windows.window_end
    group by windows.is_complete, windows.month, windows.window_end, as_of.as_of_date
),

spine as (
    select segments.segment_name, segments.segment_value, months.is_complete, months.month
    from (select distinct segment_name, segment_value from totals) as segments
    cross join months
),

known as (
    select count(*) as orders from {{ ref('orders') }}
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
        case when spine.is_complete and known.orders > 0 then totals.sessions end
            as observed_sessions
    from spine
    cross join known
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
