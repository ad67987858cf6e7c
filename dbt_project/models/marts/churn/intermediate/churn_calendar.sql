with bases as (
    select distinct base from {{ ref('churn_movements') }}
),

missing as (
    select * from {{ ref('missing_activity_days') }}
),

-- who ends in a month is told by the days of silence before it, too
silent_months as (
    select
        bases.base,
        periods.is_complete and count(missing.missing_date) = 0 as is_complete,
        periods.period_start as month
    from bases
    inner join {{ ref('calendar_periods') }} as periods on periods.period = 'month'
    left join missing
        on
            bases.base = missing.activity
            and missing.missing_date
            between {{ add_days('periods.period_start', -var('churn_after_days')) }}
            and periods.period_end
    where bases.base <> 'subscription'
    group by bases.base, periods.period_start, periods.is_complete
),

-- subscriptions may be older than everything else that is known of the shop
months as (
    select * from silent_months
    union all
    select
        bases.base,
        months.is_complete,
        months.month
    from bases
    inner join {{ ref('subscription_months') }} as months on bases.base = 'subscription'
)

select * from months
