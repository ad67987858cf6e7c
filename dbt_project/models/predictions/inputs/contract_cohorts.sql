{#- A contract is a customer's first subscription with all that continued it; a plan that is changed
    goes on. It comes up for renewal as often as it was first billed. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

episodes as (
    select * from {{ ref('subscription_episodes') }}
    where episode_number = 1
),

contracts as (
    select
        episodes.customer_id,
        episodes.start_date,
        episodes.end_date,
        min(subscriptions.billing_months) as billing_months
    from episodes
    inner join {{ ref('stg_subscriptions') }} as subscriptions
        on
            episodes.customer_id = subscriptions.customer_id
            and episodes.start_date = subscriptions.start_date
    where subscriptions.mrr > 0
    group by episodes.customer_id, episodes.start_date, episodes.end_date
),

renewals as (
    select
        contracts.billing_months,
        numbers.n as renewal_number,
        contracts.end_date,
        {{ month_start('contracts.start_date') }} as cohort_month,
        {{ add_months('contracts.start_date', 'numbers.n * contracts.billing_months') }}
            as renewal_date
    from contracts
    cross join as_of
    inner join {{ numbers(1200) }} as numbers
        on
            numbers.n * contracts.billing_months
            <= {{ month_number('as_of.as_of_date') }}
            - {{ month_number('contracts.start_date') }}
),

counted as (
    select
        renewals.billing_months,
        renewals.renewal_number,
        as_of.as_of_date,
        renewals.cohort_month,
        count(*) as due_customers,
        count(case
            when renewals.end_date > renewals.renewal_date or renewals.end_date is null then 1
        end) as surviving_customers
    from renewals
    inner join as_of on renewals.renewal_date <= as_of.as_of_date
    group by
        renewals.billing_months, renewals.renewal_number, as_of.as_of_date,
        renewals.cohort_month
),

-- grace has to be over as well, since until then whoever ended may still renew
cohorts as (
    select
        billing_months,
        cast(renewal_number as int) as renewal_number,
        max(due_customers) over (partition by billing_months, cohort_month) as cohort_size,
        due_customers,
        surviving_customers,
        {{ add_days(
            add_months('last_day(cohort_month)', 'renewal_number * billing_months'),
            var('grace_days')
        ) }} <= as_of_date as is_complete,
        cohort_month
    from counted
)

select * from cohorts
