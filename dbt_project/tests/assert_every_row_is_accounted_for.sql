-- A row is an export of which rows were lost on the way, or counted twice.
{{ config(meta={'dagster': {'ref': {'name': 'source_accounting'}}}) }}

select * from {{ ref('source_accounting') }}
where
    rows_in_files <> rows_rejected + rows_loaded
    or rows_loaded <> rows_duplicate + rows_superseded + rows_quarantined + rows_used
