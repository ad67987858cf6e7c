with periods as (
    {{ in_segments('customer_activity_periods') }}
),

counted as (
    select
        activity,
        segment_name,
        segment_value,
        period,
        period_index,
        count(*) as active_customers,
        count(*) filter (where previous_index is null) as new_customers,
        count(*) filter (where previous_index = period_index - 1) as returning_customers,
        count(*) filter (where next_index is null or next_index > period_index + 1)
            as leaving_customers
    from periods
    group by activity, segment_name, segment_value, period, period_index
),

-- who does not go on is dormant in the period after
moved as (
    select
        activity, segment_name, segment_value, period, period_index,
        active_customers, new_customers, returning_customers, 0 as dormant_customers
    from counted
    union all
    select
        activity, segment_name, segment_value, period, period_index + 1 as period_index,
        0 as active_customers, 0 as new_customers, 0 as returning_customers,
        leaving_customers as dormant_customers
    from counted
),

counts as (
    select
        activity,
        segment_name,
        segment_value,
        period,
        period_index,
        cast(sum(active_customers) as bigint) as active_customers,
        cast(sum(new_customers) as bigint) as new_customers,
        cast(sum(returning_customers) as bigint) as returning_customers,
        cast(sum(active_customers - new_customers - returning_customers) as bigint)
            as resurrected_customers,
        cast(sum(dormant_customers) as bigint) as dormant_customers
    from moved
    group by activity, segment_name, segment_value, period, period_index
)

select * from counts
