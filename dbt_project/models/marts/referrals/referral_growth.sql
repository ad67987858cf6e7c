with months as (
    select
        months.*,
        case when months.is_complete then months.invitations end as observed_invitations,
        case when months.is_complete then months.customers end as observed_customers,
        {{ add_days('months.month_end', var('referral_value_days') - 1) }} <= as_of.as_of_date
            as value_is_complete
    from {{ ref('referral_months') }} as months
    cross join {{ ref('as_of') }} as as_of
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
