-- A row is a share of the best customers of whom fewer, or with less revenue each, would be better:
-- a larger share has no fewer customers, and its average customer is worth no more.
{{ config(meta={'dagster': {'ref': {'name': 'value_concentration'}}}) }}

with shares as (
    select
        *,
        lag(customers) over (order by top_share) as fewer_customers,
        lag(average_value) over (order by top_share) as average_value_of_fewer
    from {{ ref('value_concentration') }}
)

select * from shares
where
    customers < fewer_customers
    or average_value > average_value_of_fewer + 1e-9
    or customers > all_customers
