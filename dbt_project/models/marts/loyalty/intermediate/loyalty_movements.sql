with movements as (
    select
        points.customer_id,
        points.kind,
        points.points,
        {{ money(
            "points.points * case when points.kind in ('redeemed', 'expired') then -1 else 1 end"
        ) }} as change,
        points.movement_date
    from {{ ref('stg_loyalty_points') }} as points
    inner join {{ ref('as_of') }} as as_of on points.movement_date <= as_of.as_of_date
)

select * from movements
