{#- What became of the money of every refund row, signed as revenue is: below zero. -#}
with refund_rows as (
    select * from {{ ref('stg_refund_rows') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

owners as (
    select * from {{ ref('owned_refunds') }}
    where origin = 'refund export'
),

orders as (
    select * from {{ ref('orders') }}
),

buyers as (
    select customer_id from {{ ref('customer_orders') }}
    where first_order_date is not null
),

used as (
    select
        refund_rows.row_status,
        case
            when owners.refund_id is not null then owners.customer_id
            else coalesce(orders.customer_id, refund_rows.customer_id)
        end is null as is_without_customer,
        refund_rows.copy_number > 1 as is_identical,
        case
            when refund_rows.row_status <> 'used' then refund_rows.row_status
            when refund_rows.status <> 'counted' or owners.is_of_cancelled then 'not_counted'
            when owners.refund_date > as_of.as_of_date then 'after_as_of'
            when owners.customer_id is null then 'without_customer'
            when buyers.customer_id is null then 'without_order'
            else 'in_cohorts'
        end as money_use,
        refund_rows.amount
    from refund_rows
    cross join as_of
    left join owners on refund_rows.refund_id = owners.refund_id
    left join orders on refund_rows.order_id = orders.order_id
    left join buyers on owners.customer_id = buyers.customer_id
),

uses as (
    select
        row_status,
        is_without_customer,
        is_identical,
        money_use,
        count(*) as row_count,
        {{ money('sum(coalesce(-amount, 0))') }} as amount
    from used
    group by row_status, is_without_customer, is_identical, money_use
)

select * from uses
