{#- A cohort lacks whoever started on a missing day, a bucket whoever came back on one. -#}
with buckets as (
    select * from {{ ref('retention_buckets') }}
),

studies as (
    select * from {{ ref('study_variants') }}
),

missing as (
    select * from {{ ref('missing_activity_days') }}
),

gaps as (
    select
        studies.study,
        buckets.period,
        buckets.cohort_index,
        buckets.period_number,
        'no ' || min(missing.export) || ' of ' || cast(min(missing.missing_date) as string)
            as gap_reason
    from buckets
    inner join studies on buckets.bucket = studies.bucket
    inner join missing
        on (
            studies.start_activity = missing.activity
            and missing.missing_date between buckets.cohort_start and buckets.cohort_end
        ) or (
            studies.return_activity = missing.activity
            and missing.missing_date between buckets.bucket_start and buckets.bucket_end
        )
    group by studies.study, buckets.period, buckets.cohort_index, buckets.period_number
)

select * from gaps
