-- A row is a cell whose cohort is not whole in period 0, whose on-or-after count is above the
-- one before it, or in which more customers came back than came back then or later.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_retention'}}}) }}

with cells as (
    select
        *,
        coalesce(lag(retained_on_or_after) over (
            partition by study, bucket, period, segment_name, segment_value, cohort_start
            order by period_number
        ), cohort_size) as previous_on_or_after
    from {{ ref('cohort_retention') }}
)

select * from cells
where
    (period_number = 0 and retained_customers <> cohort_size)
    or retained_on_or_after > previous_on_or_after
    or retained_customers > retained_on_or_after
