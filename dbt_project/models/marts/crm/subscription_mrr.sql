with months as (
    select * from {{ ref('subscription_months') }}
),

positions as (
    select * from {{ ref('subscription_positions') }}
),

bounds as (
    select
        customer_id,
        min(month_index) as first_index,
        max(month_index) as last_index
    from positions
    group by customer_id
),

filled as (
    select
        bounds.customer_id,
        coalesce(positions.mrr, 0) as mrr,
        months.is_complete,
        months.month,
        months.position_date
    from bounds
    inner join months on months.month_index between bounds.first_index and bounds.last_index + 1
    left join positions
        on
            bounds.customer_id = positions.customer_id
            and months.month_index = positions.month_index
),

compared as (
    select
        *,
        lag(mrr) over (partition by customer_id order by month) as previous_mrr
    from filled
),

moved as (
    select
        *,
        case
            when previous_mrr is null then 'new'
            when mrr = previous_mrr then 'none'
            when mrr = 0 then 'churned'
            when previous_mrr = 0 then 'reactivation'
            when mrr > previous_mrr then 'expansion'
            else 'contraction'
        end as movement,
        mrr - coalesce(previous_mrr, 0) as change
    from compared
),

-- of several periods that have ended, the last one took the customer away
endings as (
    select
        moved.customer_id,
        moved.month,
        periods.cancel_reason,
        row_number() over (
            partition by moved.customer_id, moved.month
            order by periods.end_date desc, periods.subscription_id asc
        ) as ending_rank
    from moved
    inner join {{ ref('stg_subscriptions') }} as periods
        on moved.customer_id = periods.customer_id and moved.position_date >= periods.end_date
    where moved.movement = 'churned' and periods.mrr > 0
),

subscription_mrr as (
    select
        moved.customer_id,
        moved.movement,
        endings.cancel_reason as churn_reason,
        {{ money('moved.mrr') }} as mrr,
        {{ money('moved.change') }} as change,
        moved.is_complete,
        moved.month
    from moved
    left join endings
        on
            moved.customer_id = endings.customer_id
            and moved.month = endings.month
            and endings.ending_rank = 1
)

select * from subscription_mrr
