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
        count(*) filter (
            where was_customer
            and joined_date <= {{ add_days('invitation_date', var('referral_maturity_days')) }}
        ) as joined_as_customers,
        count(distinct referrer_id) as inviters
    from invitations
    group by month
),

-- whoever invites was active, whatever else shows it
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

counted as (
    select
        cast(coalesce(invited.invitations, 0) as bigint) as invitations,
        cast(coalesce(invited.joined, 0) as bigint) as joined,
        cast(coalesce(invited.joined_as_customers, 0) as bigint) as joined_as_customers,
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
),

months as (
    select
        counted.*,
        case when counted.is_complete then counted.invitations end as observed_invitations,
        case when counted.is_complete then counted.customers end as observed_customers,
        {{ add_days('counted.month_end', var('referral_value_days') - 1) }} <= as_of.as_of_date
            as value_is_complete
    from counted
    cross join as_of
),

values_by_month as (
    select
        outcomes.month,
        count(referred.customer_id) as referred_customers,
        count(*) - count(referred.customer_id) as other_customers,
        sum(case when referred.customer_id is not null then outcomes.revenue end)
            as referred_revenue,
        sum(case when referred.customer_id is null then outcomes.revenue end) as other_revenue
    from {{ ref('first_order_outcomes') }} as outcomes
    left join {{ ref('referred_customers') }} as referred
        on outcomes.customer_id = referred.customer_id
    group by outcomes.month
),

referral_growth as (
    select
        months.invitations,
        months.joined,
        months.joined_as_customers,
        months.inviters,
        months.customers,
        {{ ratio('months.joined', 'months.observed_invitations') }} as conversion,
        {{ wilson_low('months.joined', 'months.observed_invitations') }} as conversion_low,
        {{ wilson_high('months.joined', 'months.observed_invitations') }} as conversion_high,
        {{ ratio('months.invitations', 'months.customers') }} as invitations_per_customer,
        {{ ratio('months.joined', 'months.observed_customers') }} as k_factor,
        cast(coalesce(won.referred_customers, 0) as bigint) as referred_customers,
        cast(coalesce(won.other_customers, 0) as bigint) as other_customers,
        {{ ratio(
            'case when months.value_is_complete then won.referred_revenue end',
            'won.referred_customers'
        ) }} as value_of_referred,
        {{ ratio(
            'case when months.value_is_complete then won.other_revenue end', 'won.other_customers'
        ) }} as value_of_others,
        months.is_complete,
        months.value_is_complete,
        months.month
    from months
    left join values_by_month as won on months.month = won.month
)

select * from referral_growth
