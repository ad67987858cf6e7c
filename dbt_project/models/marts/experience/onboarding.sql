{#- Whoever had the first value before signing up, as a guest, had it at once. -#}
{%- set activation = var('activation_activity') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

days as (
    select customer_id, activity, activity_date from {{ ref('customer_activity_days') }}
    where activity in ('signed_up', '{{ activation }}')
),

sign_ups as (
    select customer_id, min(activity_date) as signed_up_date from days
    where activity = 'signed_up'
    group by customer_id
),

first_values as (
    select customer_id, min(activity_date) as first_value_date from days
    where activity = '{{ activation }}'
    group by customer_id
),

customers as (
    select
        sign_ups.customer_id,
        {{ day_diff('sign_ups.signed_up_date', 'first_values.first_value_date') }} as days,
        {{ month_start('sign_ups.signed_up_date') }} as cohort_month
    from sign_ups
    left join first_values on sign_ups.customer_id = first_values.customer_id
),

activated as (
    select
        customer_id,
        case
            when days < 0 then 0e0
            when days <= {{ var('activation_days') }} then cast(days as double)
        end as days,
        cohort_month
    from customers
),

counted as (
    select
        months.period_start as cohort_month,
        months.is_complete
        and {{ add_days('months.period_end', var('activation_days')) }}
        <= as_of.as_of_date as is_complete,
        count(activated.customer_id) as signed_up,
        count(activated.days) as activated,
        median(activated.days) as median_days
    from {{ ref('calendar_periods') }} as months
    cross join as_of
    left join activated on months.period_start = activated.cohort_month
    where
        months.period = 'month'
        and months.period_end >= (select min(sign_ups.signed_up_date) from sign_ups)
    group by months.period_start, months.period_end, months.is_complete, as_of.as_of_date
),

onboarding as (
    select
        cast(signed_up as bigint) as signed_up,
        cast(activated as bigint) as activated,
        {{ ratio('activated', 'case when is_complete then signed_up end') }} as activation_rate,
        {{ wilson_low('activated', 'case when is_complete then signed_up end') }} as rate_low,
        {{ wilson_high('activated', 'case when is_complete then signed_up end') }} as rate_high,
        cast(case when is_complete then median_days end as double) as median_days_to_first_value,
        is_complete,
        cohort_month
    from counted
)

select * from onboarding
