-- A row says by how much the rows or the money of the files differ from the sum of the terms they
-- are split into.
{{ config(meta={'dagster': {'ref': {'name': 'money_identity'}}}) }}

with terms as (
    select
        case when term_number = 0 then row_count else -row_count end as row_count,
        case when term_number = 0 then amount else -amount end as amount
    from {{ ref('money_identity') }}
),

differences as (
    select sum(row_count) as missing_rows, sum(amount) as missing_amount
    from terms
)

select * from differences
where missing_rows <> 0 or missing_amount <> 0
