{%- set figures = ['cohort_size', 'retained_customers', 'revenue'] -%}
with publication as (
    select * from {{ ref('last_publication') }}
),

published as (
    select * from {{ source('ledger', 'published_cells') }}
),

variants as (
    select * from {{ ref('study_variants') }}
),

-- today's cells with what was learned after the last publication taken out again: less the
-- customers concerned as they are known now, plus as they were known then
weighted as (
    select
        variants.base_study,
        variants.bucket,
        cells.period,
        cells.cohort_index,
        cells.period_number,
        case variants.known when 'now' then -1 else 1 end as weight,
        cells.cohort_size,
        cells.retained_customers,
        cells.revenue
    from {{ ref('retention_cells') }} as cells
    inner join variants on cells.study = variants.study
    where cells.segment_name = 'all'
),

recalled as (
    select
        base_study as study,
        bucket,
        period,
        cohort_index,
        period_number,
        sum(weight * cohort_size) as cohort_size,
        sum(weight * retained_customers) as retained_customers,
        sum(weight * revenue) as revenue
    from weighted
    group by base_study, bucket, period, cohort_index, period_number
),

-- a study that was not published has nothing to restate
studies as (
    select study, bucket from variants
    where known is null and study in (select published.study from published)
),

-- cells that were complete at the last publication, and are so today
complete as (
    select
        studies.study, buckets.bucket, buckets.period, buckets.cohort_index,
        buckets.period_number, buckets.cohort_start
    from {{ ref('retention_buckets') }} as buckets
    inner join studies on buckets.bucket = studies.bucket
    inner join publication on buckets.bucket_end <= publication.as_of_date
    where buckets.incomplete_reason is null
),

compared as (
    select
        complete.*,
        {%- for figure in figures %}
        coalesce(published.{{ figure }}, 0) as old_{{ figure }},
        coalesce(recalled.{{ figure }}, 0) as new_{{ figure }},
        {%- endfor %}
        coalesce(published.is_complete, true) and gaps.gap_reason is null as is_comparable
    from complete
    left join recalled
        on
            complete.study = recalled.study and complete.period = recalled.period
            and complete.cohort_index = recalled.cohort_index
            and complete.period_number = recalled.period_number
    left join published
        on
            complete.study = published.study and complete.bucket = published.bucket
            and complete.period = published.period
            and complete.cohort_start = published.cohort_start
            and complete.period_number = published.period_number
    left join {{ ref('retention_gaps') }} as gaps
        on
            complete.study = gaps.study and complete.period = gaps.period
            and complete.cohort_index = gaps.cohort_index
            and complete.period_number = gaps.period_number
),

restated as (
    select * from compared
    where
        is_comparable
        and (
            old_cohort_size <> new_cohort_size
            or old_retained_customers <> new_retained_customers
            or old_revenue <> new_revenue
        )
)

select * from restated
