with counts as (
    select * from {{ ref('lifecycle_counts') }}
),

spine as (
    select
        grains.*, calendar.period, calendar.period_index, calendar.period_start,
        calendar.is_complete and missing.activity is null as is_complete
    from (select distinct activity, segment_name, segment_value from counts) as grains
    cross join {{ ref('calendar_periods') }} as calendar
    left join {{ ref('missing_activity_periods') }} as missing
        on
            grains.activity = missing.activity and calendar.period = missing.period
            and calendar.period_index = missing.period_index
),

lifecycle as (
    select
        spine.activity,
        spine.segment_name,
        spine.segment_value,
        spine.period,
        cast(coalesce(counts.active_customers, 0) as bigint) as active_customers,
        cast(coalesce(counts.new_customers, 0) as bigint) as new_customers,
        cast(coalesce(counts.returning_customers, 0) as bigint) as returning_customers,
        cast(coalesce(counts.resurrected_customers, 0) as bigint) as resurrected_customers,
        cast(coalesce(counts.dormant_customers, 0) as bigint) as dormant_customers,
        case when spine.is_complete then {{ ratio(
            'counts.new_customers + counts.resurrected_customers', 'counts.dormant_customers'
        ) }} end as quick_ratio,
        spine.is_complete,
        spine.period_start
    from spine
    left join counts
        on
            spine.activity = counts.activity
            and spine.segment_name = counts.segment_name
            and spine.segment_value = counts.segment_value
            and spine.period = counts.period
            and spine.period_index = counts.period_index
)

select * from lifecycle
