-- A row is a period in which the active customers are not those of the period before, plus the
-- new and the resurrected, less the dormant; or whose active customers are not new, returning
-- and resurrected ones.
{{ config(meta={'dagster': {'ref': {'name': 'lifecycle'}}}) }}

with periods as (
    select
        *,
        coalesce(lag(active_customers) over (
            partition by activity, segment_name, segment_value, period order by period_start
        ), 0) as previous_customers
    from {{ ref('lifecycle') }}
)

select * from periods
where
    active_customers
    <> previous_customers + new_customers + resurrected_customers - dormant_customers
    or active_customers <> new_customers + returning_customers + resurrected_customers
