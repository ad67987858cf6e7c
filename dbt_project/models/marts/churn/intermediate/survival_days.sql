with lifespans as (
    select
        lifespans.lifespan_days,
        lifespans.has_ended,
        segments.segment_name,
        segments.segment_value
    from {{ ref('lifespans') }} as lifespans
    inner join {{ ref('customer_segments') }} as segments
        on lifespans.customer_id = segments.customer_id
),

durations as (
    select
        segment_name,
        segment_value,
        lifespan_days as days,
        count(*) as leaving,
        count(*) filter (where has_ended) as ended
    from lifespans
    group by segment_name, segment_value, lifespan_days
),

longest as (
    select segment_name, segment_value, max(days) as days, sum(leaving) as customers
    from durations
    group by segment_name, segment_value
),

spine as (
    select longest.segment_name, longest.segment_value, longest.customers, numbers.n as days
    from longest
    inner join {{ numbers(36525) }} as numbers on longest.days >= numbers.n
),

survival_days as (
    select
        spine.segment_name,
        spine.segment_value,
        spine.days,
        spine.customers - coalesce(sum(durations.leaving) over (
            partition by spine.segment_name, spine.segment_value
            order by spine.days rows between unbounded preceding and 1 preceding
        ), 0) as at_risk,
        coalesce(durations.ended, 0) as ended
    from spine
    left join durations
        on
            spine.segment_name = durations.segment_name
            and spine.segment_value = durations.segment_value
            and spine.days = durations.days
)

select * from survival_days
