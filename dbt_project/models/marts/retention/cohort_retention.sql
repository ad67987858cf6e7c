with cells as (
    select * from {{ ref('retention_cells') }}
),

periods as (
    select * from {{ ref('calendar_periods') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

studies as (
    select study, bucket, entry from {{ ref('study_variants') }}
    where known is null
),

rated as (
    select
        cells.*,
        studies.bucket,
        studies.entry = 'first'
        and periods.period_start
        < {{ add_days('as_of.history_starts_on', var('left_truncation_days')) }}
            as is_left_truncated,
        case when cells.is_complete then cells.cohort_size end as eligible_customers,
        periods.period_start as cohort_start
    from cells
    inner join periods
        on cells.period = periods.period and cells.cohort_index = periods.period_index
    inner join studies on cells.study = studies.study
    cross join as_of
),

cohort_retention as (
    select
        study,
        bucket,
        period,
        segment_name,
        segment_value,
        incomplete_reason,
        cast(period_number as int) as period_number,
        cast(cohort_size as bigint) as cohort_size,
        cast(retained_customers as bigint) as retained_customers,
        cast(retained_on_or_after as bigint) as retained_on_or_after,
        {{ ratio('retained_customers', 'eligible_customers') }} as retention_rate,
        {{ wilson_low('retained_customers', 'eligible_customers') }} as rate_low,
        {{ wilson_high('retained_customers', 'eligible_customers') }} as rate_high,
        {{ ratio('retained_on_or_after', 'eligible_customers') }} as on_or_after_rate,
        {{ wilson_low('retained_on_or_after', 'eligible_customers') }} as on_or_after_low,
        {{ wilson_high('retained_on_or_after', 'eligible_customers') }} as on_or_after_high,
        {{ money('revenue') }} as revenue,
        is_complete,
        is_left_truncated,
        cohort_start
    from rated
)

select * from cohort_retention
