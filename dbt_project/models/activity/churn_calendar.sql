with bases as (
    select distinct base from {{ ref('churn_movements') }}
),

-- subscriptions may be older than everything else that is known of the shop
months as (
    select
        bases.base,
        periods.is_complete,
        periods.period_start as month
    from bases
    inner join {{ ref('calendar_periods') }} as periods on periods.period = 'month'
    where bases.base <> 'subscription'
    union all
    select
        bases.base,
        months.is_complete,
        months.month
    from bases
    inner join {{ ref('subscription_months') }} as months on bases.base = 'subscription'
)

select * from months
