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
        sum(periods.mrr) as mrr
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
        months.is_complete,
        months.month,
        months.position_date
    from bounds
    inner join months on months.month_index between bounds.first_index and bounds.last_index + 1
    left join paid
        on bounds.customer_id = paid.customer_id and months.month_index = paid.month_index
)

select * from positions
