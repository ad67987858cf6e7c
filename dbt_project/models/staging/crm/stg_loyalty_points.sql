with rows_used as (
    select * from {{ ref('stg_loyalty_point_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

loyalty_points as (
    select
        coalesce(survivors.survivor_id, rows_used.customer_id) as customer_id,
        rows_used.order_id,
        rows_used.kind,
        cast(case
            when rows_used.kind in ('redeemed', 'expired') then abs(rows_used.points)
            else rows_used.points
        end as decimal(18, 4)) as points,
        rows_used.movement_date,
        rows_used.occurred_at
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
)

select * from loyalty_points
