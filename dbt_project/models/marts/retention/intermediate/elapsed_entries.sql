with studies as (
    select * from {{ ref('study_views') }}
    where bucket = 'elapsed'
),

entries as (
    select * from {{ ref('retention_entries') }}
),

moments as (
    select * from {{ ref('activity_moments') }}
    where occurrences > 0
),

entered as (
    select
        entries.study,
        entries.period,
        entries.customer_id,
        entries.cohort_index,
        min(moments.occurred_at) as entered_at
    from entries
    inner join studies on entries.study = studies.study
    inner join moments
        on
            entries.customer_id = moments.customer_id
            and studies.start_activity = moments.activity
            and entries.cohort_index
            = {{ period_index('entries.period', business_date('moments.occurred_at')) }}
    group by entries.study, entries.period, entries.customer_id, entries.cohort_index
)

select * from entered
