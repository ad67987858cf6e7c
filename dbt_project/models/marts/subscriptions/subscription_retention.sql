with cohorts as (
    select * from {{ ref('contract_cohorts') }}
),

preceded as (
    select
        *,
        lag(surviving_customers) over (
            partition by billing_months, cohort_month order by renewal_number
        ) as surviving_before
    from cohorts
),

followed as (
    select
        *,
        case when is_complete then cohort_size end as known_size,
        case when is_complete then surviving_before end as known_before
    from preceded
),

subscription_retention as (
    select
        followed.billing_months,
        followed.renewal_number,
        cast(followed.cohort_size as bigint) as cohort_size,
        cast(followed.due_customers as bigint) as due_customers,
        cast(followed.surviving_customers as bigint) as surviving_customers,
        {{ ratio('followed.surviving_customers', 'followed.known_before') }} as renewal_rate,
        {{ ratio('followed.surviving_customers', 'followed.known_size') }} as survival_rate,
        {{ wilson_low('followed.surviving_customers', 'followed.known_size') }} as survival_low,
        {{ wilson_high('followed.surviving_customers', 'followed.known_size') }} as survival_high,
        projected.survival_rate as projected_survival_rate,
        followed.is_complete,
        followed.cohort_month
    from followed
    inner join {{ source('predictions', 'renewals') }} as projected
        on
            followed.billing_months = projected.billing_months
            and followed.renewal_number = projected.renewal_number
)

select * from subscription_retention
