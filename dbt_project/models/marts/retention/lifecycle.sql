with periods as (
    select
        customer_id, activity, period, period_index,
        lag(period_index) over (partition by activity, period, customer_id order by period_index)
            as previous_index,
        lead(period_index) over (partition by activity, period, customer_id order by period_index)
            as next_index
    from {{ ref('customer_activity_periods') }}
),

moves as (
    select
        customer_id, activity, period, period_index,
        case
            when previous_index is null then 'new'
            when previous_index = period_index - 1 then 'returning'
            else 'resurrected'
        end as move
    from periods
    union all
    select customer_id, activity, period, period_index + 1 as period_index, 'dormant' as move
    from periods
    where next_index is null or next_index > period_index + 1
),

counts as (
    select
        moves.activity,
        segments.segment_name,
        segments.segment_value,
        moves.period,
        moves.period_index,
        count(*) filter (where moves.move <> 'dormant') as active_customers,
        count(*) filter (where moves.move = 'new') as new_customers,
        count(*) filter (where moves.move = 'returning') as returning_customers,
        count(*) filter (where moves.move = 'resurrected') as resurrected_customers,
        count(*) filter (where moves.move = 'dormant') as dormant_customers
    from moves
    inner join {{ ref('customer_segments') }} as segments
        on moves.customer_id = segments.customer_id
    group by
        moves.activity, segments.segment_name, segments.segment_value,
        moves.period, moves.period_index
),

spine as (
    select
        grains.*, calendar.period, calendar.period_index, calendar.period_start,
        calendar.is_complete
    from (select distinct activity, segment_name, segment_value from counts) as grains
    cross join {{ ref('calendar_periods') }} as calendar
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
