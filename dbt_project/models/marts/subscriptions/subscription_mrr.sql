with months as (
    select * from {{ ref('subscription_months') }}
),

periods as (
    select * from {{ ref('stg_subscriptions') }}
    where mrr > 0
),

paid as (
    select
        periods.customer_id,
        months.month_index,
        sum(periods.mrr) as mrr,
        max(case when periods.is_free_period then 1 else 0 end) as on_free_period
    from periods
    inner join months
        on
            periods.start_date <= months.position_date
            and (periods.end_date > months.position_date or periods.end_date is null)
    group by periods.customer_id, months.month_index
),

bounds as (
    select
        customer_id,
        min(month_index) as first_index,
        max(month_index) as last_index
    from paid
    group by customer_id
),

positions as (
    select
        bounds.customer_id,
        {{ money('coalesce(paid.mrr, 0)') }} as mrr,
        coalesce(paid.on_free_period, 0) = 1 as is_on_free_period,
        months.is_complete,
        months.month,
        months.position_date
    from bounds
    inner join months on months.month_index between bounds.first_index and bounds.last_index + 1
    left join paid
        on bounds.customer_id = paid.customer_id and months.month_index = paid.month_index
),

compared as (
    select
        *,
        lag(mrr) over (partition by customer_id order by month) as previous_mrr
    from positions
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
    inner join periods
        on moved.customer_id = periods.customer_id and moved.position_date >= periods.end_date
    where moved.movement = 'churned'
),

subscription_mrr as (
    select
        moved.customer_id,
        moved.movement,
        endings.cancel_reason as churn_reason,
        moved.mrr,
        {{ money('moved.change') }} as change,
        moved.is_on_free_period,
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
