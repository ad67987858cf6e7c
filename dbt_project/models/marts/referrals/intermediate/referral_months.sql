with invitations as (
    select * from {{ ref('invitations') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

invited as (
    select
        month,
        count(*) as invitations,
        count(*) filter (
            where has_joined
            and joined_date <= {{ add_days('invitation_date', var('referral_maturity_days')) }}
        ) as joined,
        count(distinct referrer_id) as inviters
    from invitations
    group by month
),

-- whoever invites was there, whatever else tells of it
present as (
    select customer_id, {{ month_start('activity_date') }} as month
    from {{ ref('customer_activity_days') }}
    where activity = 'any'
    union
    select referrer_id as customer_id, month from invitations
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
        and months.period_start >= (select min(invitations.month) from invitations)
)

select * from referral_months
