with renewals as (
    select * from {{ source('predictions', 'renewals') }}
),

contracts as (
    select * from {{ source('predictions', 'contracts') }}
),

cohorts as (
    select
        *,
        lag(surviving_customers) over (
            partition by billing_months, cohort_month order by renewal_number
        ) as due_before
    from {{ ref('contract_cohorts') }}
    where is_complete
),

pooled as (
    select
        billing_months,
        renewal_number,
        sum(cohort_size) as eligible_customers,
        sum(surviving_customers) as surviving_customers,
        sum(due_before) as due_before
    from cohorts
    group by billing_months, renewal_number
),

subscription_projection as (
    select
        renewals.billing_months,
        renewals.renewal_number,
        cast(coalesce(pooled.eligible_customers, 0) as bigint) as eligible_customers,
        cast(coalesce(pooled.surviving_customers, 0) as bigint) as surviving_customers,
        {{ ratio('pooled.surviving_customers', 'pooled.due_before') }} as renewal_rate,
        {{ wilson_low('pooled.surviving_customers', 'pooled.due_before') }} as renewal_low,
        {{ wilson_high('pooled.surviving_customers', 'pooled.due_before') }} as renewal_high,
        {{ ratio('pooled.surviving_customers', 'pooled.eligible_customers') }} as survival_rate,
        renewals.renewal_rate as projected_renewal_rate,
        renewals.renewal_rate_low as projected_renewal_low,
        renewals.renewal_rate_high as projected_renewal_high,
        renewals.survival_rate as projected_survival_rate,
        renewals.survival_rate_low as projected_survival_low,
        renewals.survival_rate_high as projected_survival_high,
        renewals.renewals_to_come,
        renewals.renewals_to_come_low,
        renewals.renewals_to_come_high,
        {%- for name in ['alpha', 'beta'] %}
        contracts.{{ name }},
        contracts.{{ name }}_low,
        contracts.{{ name }}_high,
        {%- endfor %}
        contracts.fit_p_value,
        contracts.is_fit_rejected,
        contracts.reason as projection_reason
    from renewals
    inner join contracts on renewals.billing_months = contracts.billing_months
    left join pooled
        on
            renewals.billing_months = pooled.billing_months
            and renewals.renewal_number = pooled.renewal_number
)

select * from subscription_projection
