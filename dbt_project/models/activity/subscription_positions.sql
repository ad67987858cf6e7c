with months as (
    select * from {{ ref('subscription_months') }}
),

periods as (
    select * from {{ ref('stg_subscriptions') }}
    where mrr > 0
),

positions as (
    select
        periods.customer_id,
        months.month_index,
        {{ money('sum(periods.mrr)') }} as mrr
    from periods
    inner join months
        on
            periods.start_date <= months.position_date
            and (periods.end_date > months.position_date or periods.end_date is null)
    group by periods.customer_id, months.month_index
)

select * from positions
