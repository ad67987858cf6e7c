with entries as (
    select * from {{ ref('retention_entries') }}
),

segments as (
    select * from {{ ref('customer_segments') }}
),

cohorts as (
    select
        entries.study,
        entries.period,
        segments.segment_name,
        segments.segment_value,
        entries.cohort_index,
        count(*) as cohort_size
    from entries
    inner join segments on entries.customer_id = segments.customer_id
    group by
        entries.study,
        entries.period,
        segments.segment_name,
        segments.segment_value,
        entries.cohort_index
)

select * from cohorts
