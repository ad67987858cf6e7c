with compared as (
    select
        *,
        lag(mrr) over (partition by customer_id order by month) as previous_mrr
    from {{ ref('subscription_positions') }}
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
        moved.mrr,
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
