-- A row is an export with more or fewer rows in quarantine than were rejected and held back.
{{ config(meta={'dagster': {'ref': {'name': 'quarantine'}}}) }}

with listed as (
    select export, count(*) as row_count
    from {{ ref('quarantine') }}
    group by export
),

counted as (
    select export, rows_rejected + rows_quarantined as row_count
    from {{ ref('source_accounting') }}
)

select
    counted.export,
    counted.row_count,
    listed.row_count as listed_rows
from counted
left join listed on counted.export = listed.export
where counted.row_count <> coalesce(listed.row_count, 0)
