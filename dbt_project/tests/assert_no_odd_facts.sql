-- A row is a kind of odd fact that the exports hold: used all the same, but worth a look. That
-- nothing is known of costs is the same every night, and stands in the mart.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'data_warnings'}}}) }}

select * from {{ ref('data_warnings') }}
where occurrences > 0 and warning not like 'cost_amount is empty%'
