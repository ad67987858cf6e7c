with entries as (
    select * from {{ ref('retention_entries') }}
),

segments as (
    select * from {{ ref('customer_segments') }}
),

studies as (
    select * from {{ ref('study_views') }}
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
    inner join segments on entries.customer_id = segments.customer_id
    group by
        entries.study,
        studies.bucket,
        entries.period,
        segments.segment_name,
        segments.segment_value,
        entries.cohort_index
)

select * from cohorts
