with gaps as (
    {{ in_segments('activity_gaps') }}
),

calendar as (
    select * from {{ ref('calendar_periods') }}
),

missing as (
    select * from {{ ref('missing_activity_days') }}
),

-- a customer is counted in a period on the first day of those in it, and leaves it on the last
periods as (
    {%- for period in ['day', 'week', 'month'] %}
    {{ 'union all' if not loop.first }}
    select
        activity_key, segment_name, segment_value, '{{ period }}' as period,
        {%- for index in ['previous', 'next'] %}
        {{ period_of(period, index ~ '_index') }} as {{ index }}_index,
        {%- endfor %}
        {{ period_of(period, 'day_index') }} as period_index
    from gaps
    {%- endfor %}
),

counted_by_key as (
    select
        activity_key,
        segment_name,
        segment_value,
        period,
        period_index,
        count(*) filter (where previous_index is null or previous_index < period_index)
            as active_customers,
        count(*) filter (where previous_index is null) as new_customers,
        count(*) filter (where previous_index = period_index - 1) as returning_customers,
        count(*) filter (where next_index is null or next_index > period_index + 1)
            as leaving_customers
    from periods
    group by activity_key, segment_name, segment_value, period, period_index
),

counted as (
    select activities.activity, counted_by_key.*
    from counted_by_key
    inner join {{ ref('activity_keys') }} as activities
        on counted_by_key.activity_key = activities.activity_key
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
),

touched as (
    select
        missing.activity,
        calendar.period,
        calendar.period_index
    from missing
    inner join calendar
        on missing.missing_date between calendar.period_start and calendar.period_end
),

-- who came back in a period, and who stayed away, follows from that period and the one before
spoilt as (
    select
        activity,
        period,
        period_index
    from touched
    union
    select
        activity,
        period,
        period_index + 1 as period_index
    from touched
),

spine as (
    select
        grains.*, calendar.period, calendar.period_index, calendar.period_start,
        calendar.is_complete and spoilt.activity is null as is_complete
    from (select distinct activity, segment_name, segment_value from counts) as grains
    cross join calendar
    left join spoilt
        on
            grains.activity = spoilt.activity and calendar.period = spoilt.period
            and calendar.period_index = spoilt.period_index
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
