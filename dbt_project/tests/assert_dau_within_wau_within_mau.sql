-- A row is a day with more customers active in a shorter window than in a longer one.
{{ config(meta={'dagster': {'ref': {'name': 'active_customers'}}}) }}

select * from {{ ref('active_customers') }}
where dau > wau or wau > mau_28 or mau_28 > mau
