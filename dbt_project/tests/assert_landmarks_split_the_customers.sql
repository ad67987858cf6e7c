-- A row is a behaviour and outcome whose members and others are not the customers observed, or do
-- not share what these did after their landmark.
{{ config(meta={'dagster': {'ref': {'name': 'behaviour_effect'}}}) }}

with observed as (
    select
        count(*) as customers,
        sum(orders) as orders,
        sum(revenue) as revenue
    from {{ ref('landmark_customers') }}
)

select
    effects.*,
    observed.customers,
    observed.orders,
    observed.revenue
from {{ ref('behaviour_effect') }} as effects
cross join observed
where
    effects.members + effects.others <> observed.customers
    or effects.low > effects.difference
    or effects.high < effects.difference
    or (
        effects.outcome in ('orders', 'revenue')
        and abs(
            coalesce(effects.member_value, 0) * effects.members
            + coalesce(effects.other_value, 0) * effects.others
            - cast(
                case effects.outcome when 'orders' then observed.orders else observed.revenue end
                as double
            )
        ) > 1e-6
    )
