with entries as (
    select * from {{ ref('cohort_entries') }}
),

segments as (
    select * from {{ ref('customer_segments') }}
),

studies as (
    select * from {{ ref('study_variants') }}
),

counts as (
    select * from {{ ref('retention_counts') }}
),

buckets as (
    select * from {{ ref('retention_buckets') }}
),

cohorts as (
    select
        entries.study,
        studies.bucket,
        entries.period,
        segments.segment_name,
        segments.segment_value,
        entries.cohort_index,
        count(*) as cohort_size
    from entries
    inner join studies on entries.study = studies.study
    inner join segments on entries.customer_key = segments.customer_key
    group by
        entries.study,
        studies.bucket,
        entries.period,
        segments.segment_name,
        segments.segment_value,
        entries.cohort_index
),

spine as (
    select
        cohorts.*,
        buckets.period_number,
        coalesce(buckets.incomplete_reason, gaps.gap_reason) as incomplete_reason
    from cohorts
    inner join buckets
        on
            cohorts.bucket = buckets.bucket
            and cohorts.period = buckets.period
            and cohorts.cohort_index = buckets.cohort_index
    left join {{ ref('retention_gaps') }} as gaps
        on
            cohorts.study = gaps.study
            and cohorts.period = gaps.period
            and cohorts.cohort_index = gaps.cohort_index
            and buckets.period_number = gaps.period_number
),

counted as (
    select
        spine.*,
        coalesce(counts.returned_customers, 0) as returned_customers,
        coalesce(counts.last_returned_customers, 0) as last_returned_customers,
        coalesce(counts.revenue, 0) as revenue
    from spine
    left join counts
        on
            spine.study = counts.study
            and spine.period = counts.period
            and spine.segment_name = counts.segment_name
            and spine.segment_value = counts.segment_value
            and spine.cohort_index = counts.cohort_index
            and spine.period_number = counts.period_number
),

summed as (
    select
        *,
        sum(last_returned_customers) over (
            partition by study, period, segment_name, segment_value, cohort_index
            order by period_number desc rows unbounded preceding
        ) as last_returned_since
    from counted
),

-- in period 0 everybody of the cohort is there, whatever they came back to do
cells as (
    select
        study,
        period,
        segment_name,
        segment_value,
        cohort_index,
        period_number,
        cohort_size,
        case when period_number = 0 then cohort_size else returned_customers end
            as retained_customers,
        case when period_number = 0 then cohort_size else last_returned_since end
            as retained_on_or_after,
        revenue,
        incomplete_reason is null as is_complete,
        incomplete_reason
    from summed
)

select * from cells
