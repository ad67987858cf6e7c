-- A row is an attribute whose values do not have the members and the revenue of everybody.
{{ config(meta={'dagster': {'ref': {'name': 'segment_value'}}}) }}

with totals as (
    select
        segment_name,
        horizon_days,
        sum(members) as members,
        sum(members * coalesce(landmark_ltv, 0)) as revenue
    from {{ ref('segment_value') }}
    group by segment_name, horizon_days
)

select totals.*
from totals
inner join totals as everybody
    on everybody.segment_name = 'all' and totals.horizon_days = everybody.horizon_days
where
    totals.members <> everybody.members
    -- averages are rounded to a hundredth of a penny
    or abs(totals.revenue - everybody.revenue) > 0.0001 * everybody.members
