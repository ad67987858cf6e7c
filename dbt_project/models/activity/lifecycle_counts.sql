with periods as (
    select * from {{ ref('customer_activity_periods') }}
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
)

select * from counts
