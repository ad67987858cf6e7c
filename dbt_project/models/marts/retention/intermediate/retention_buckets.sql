with kinds as (select distinct bucket from {{ ref('study_variants') }}),

periods as (select * from {{ ref('calendar_periods') }}),

as_of as (select * from {{ ref('as_of') }}),

calendar_buckets as (
    select
        kinds.bucket,
        cohorts.period,
        cohorts.period_index as cohort_index,
        buckets.period_index - cohorts.period_index as period_number,
        buckets.incomplete_reason,
        cohorts.period_start as cohort_start,
        cohorts.period_end as cohort_end,
        buckets.period_start as bucket_start,
        buckets.period_end as bucket_end
    from kinds
    cross join periods as cohorts
    inner join periods as buckets
        on
            cohorts.period = buckets.period
            and buckets.period_index - cohorts.period_index
            between 0 and {{ retention_limit('cohorts.period') }}
    where kinds.bucket = 'calendar'
),

-- who started last in the cohort's period ends the span last
elapsed_spans as (
    select
        kinds.bucket,
        cohorts.period,
        cohorts.period_index as cohort_index,
        numbers.n as period_number,
        cohorts.period_start as cohort_start,
        cohorts.period_end as cohort_end,
        {{ day_after('cohorts.period_start',
            'numbers.n * ' ~ elapsed_days('cohorts.period') ~ " * interval '1' day") }}
            as bucket_start,
        {{ day_after(add_days('cohorts.period_end', 1),
            '(numbers.n + 1) * ' ~ elapsed_days('cohorts.period')
            ~ " * interval '1' day - interval '1' second") }} as bucket_end
    from kinds
    cross join periods as cohorts
    inner join {{ numbers(longest_retention_limit()) }} as numbers
        on numbers.n <= {{ retention_limit('cohorts.period') }}
    where kinds.bucket = 'elapsed'
),

elapsed_buckets as (
    select
        elapsed_spans.bucket,
        elapsed_spans.period,
        elapsed_spans.cohort_index,
        elapsed_spans.period_number,
        case
            when elapsed_spans.bucket_end > as_of.as_of_date
                then 'the span ends after as_of_date for some of the cohort'
            when elapsed_spans.bucket_end < as_of.history_starts_on
                then 'the span ends before history_starts_on'
        end as incomplete_reason,
        elapsed_spans.cohort_start,
        elapsed_spans.cohort_end,
        elapsed_spans.bucket_start,
        elapsed_spans.bucket_end
    from elapsed_spans
    inner join as_of on elapsed_spans.bucket_start <= as_of.as_of_date
),

buckets as (
    select * from calendar_buckets
    union all
    select * from elapsed_buckets
)

select * from buckets
