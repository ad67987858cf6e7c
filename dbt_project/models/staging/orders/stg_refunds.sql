with refunds as (
    select * from {{ ref('stg_refund_rows') }}
    where row_status = 'used' and status = 'counted'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

owned as (
    select
        refunds.refund_id,
        refunds.order_id,
        coalesce(survivors.survivor_id, refunds.customer_id) as customer_id,
        refunds.reason,
        refunds.amount,
        refunds.refund_date,
        refunds.refunded_at
    from refunds
    left join survivors on refunds.customer_id = survivors.customer_id
)

select * from owned
