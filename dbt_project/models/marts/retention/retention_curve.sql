with cells as (
    select * from {{ ref('cohort_retention') }}
    where is_complete
),

pooled as (
    select
        study,
        bucket,
        period,
        segment_name,
        segment_value,
        period_number,
        sum(cohort_size) as eligible_customers,
        sum(retained_customers) as retained_customers,
        sum(retained_on_or_after) as retained_on_or_after,
        sum(case when is_left_truncated then cohort_size else 0 end) as left_truncated_customers
    from cells
    group by study, bucket, period, segment_name, segment_value, period_number
),

retention_curve as (
    select
        study,
        bucket,
        period,
        segment_name,
        segment_value,
        period_number,
        cast(eligible_customers as bigint) as eligible_customers,
        cast(left_truncated_customers as bigint) as left_truncated_customers,
        cast(retained_customers as bigint) as retained_customers,
        cast(retained_on_or_after as bigint) as retained_on_or_after,
        {{ ratio('retained_customers', 'eligible_customers') }} as retention_rate,
        {{ wilson_low('retained_customers', 'eligible_customers') }} as rate_low,
        {{ wilson_high('retained_customers', 'eligible_customers') }} as rate_high,
        {{ ratio('retained_on_or_after', 'eligible_customers') }} as on_or_after_rate,
        {{ wilson_low('retained_on_or_after', 'eligible_customers') }} as on_or_after_low,
        {{ wilson_high('retained_on_or_after', 'eligible_customers') }} as on_or_after_high
    from pooled
)

select * from retention_curve
