{#- Today's cells with what was learned after the last publication taken out again: less the
    concerned customers as they are known now, plus as they were known then. -#}
with cells as (
    select
        views.base_study,
        views.bucket,
        cells.period,
        cells.cohort_index,
        cells.period_number,
        case views.known when 'now' then -1 else 1 end as weight,
        cells.cohort_size,
        cells.retained_customers,
        cells.revenue
    from {{ ref('retention_cells') }} as cells
    inner join {{ ref('study_views') }} as views on cells.study = views.study
    where cells.segment_name = 'all'
),

summed as (
    select
        base_study as study,
        bucket,
        period,
        cohort_index,
        period_number,
        sum(weight * cohort_size) as cohort_size,
        sum(weight * retained_customers) as retained_customers,
        sum(weight * revenue) as revenue
    from cells
    group by base_study, bucket, period, cohort_index, period_number
)

select * from summed
