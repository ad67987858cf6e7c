with referrals as (
    select
        referrals.*,
        {{ month_start('referrals.invitation_date') }} as month
    from {{ ref('stg_referrals') }} as referrals
    inner join {{ ref('as_of') }} as as_of on referrals.invitation_date <= as_of.as_of_date
),

as_of as (
    select * from {{ ref('as_of') }}
),

invited as (
    select
        referrals.month,
        count(*) as invitations,
        count(*) filter (
            where referrals.joined_date <= as_of.as_of_date
            and referrals.joined_date
            <= {{ add_days('referrals.invitation_date', var('referral_maturity_days')) }}
        ) as joined,
        count(distinct referrals.referrer_id) as inviters
    from referrals
    cross join as_of
    group by referrals.month
),

-- whoever invites was there, whatever else tells of it
present as (
    select customer_id, {{ month_start('activity_date') }} as month
    from {{ ref('customer_activity_days') }}
    where activity = 'any'
    union
    select referrer_id as customer_id, month from referrals
),

customers as (
    select month, count(*) as customers
    from present
    group by month
),

referral_months as (
    select
        cast(coalesce(invited.invitations, 0) as bigint) as invitations,
        cast(coalesce(invited.joined, 0) as bigint) as joined,
        cast(coalesce(invited.inviters, 0) as bigint) as inviters,
        cast(coalesce(customers.customers, 0) as bigint) as customers,
        months.is_complete
        and {{ add_days('months.period_end', var('referral_maturity_days')) }}
        <= as_of.as_of_date as is_complete,
        months.period_start as month,
        months.period_end as month_end
    from {{ ref('calendar_periods') }} as months
    cross join as_of
    left join invited on months.period_start = invited.month
    left join customers on months.period_start = customers.month
    where
        months.period = 'month'
        and months.period_start >= (select min(referrals.month) from referrals)
)

select * from referral_months
