-- A row is a kind of odd fact that the exports hold: used all the same, but worth a look.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'data_warnings'}}}) }}

select * from {{ ref('data_warnings') }}
where occurrences > 0
