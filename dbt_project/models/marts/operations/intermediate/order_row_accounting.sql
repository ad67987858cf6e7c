{#- What became of the money of every order row: the terms of the accounting identity. -#}
with order_rows as (
    select * from {{ ref('stg_order_rows') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

owners as (
    select
        order_id,
        customer_id,
        refunded_amount <> 0 as is_refunded_by_status,
        false as is_of_cancelled,
        order_date as owned_date
    from {{ ref('orders') }}
    union all
    select
        refund_id as order_id,
        customer_id,
        false as is_refunded_by_status,
        is_of_cancelled,
        refund_date as owned_date
    from {{ ref('owned_refunds') }}
    where origin = 'negative order'
),

buyers as (
    select customer_id from {{ ref('customer_orders') }}
    where first_order_date is not null
),

used as (
    select
        order_rows.row_status,
        coalesce(owners.customer_id, order_rows.customer_id) is null as is_without_customer,
        order_rows.copy_number > 1 as is_identical,
        case
            when order_rows.row_status <> 'used' then order_rows.row_status
            when order_rows.status in ('cancelled', 'pending') or owners.is_of_cancelled
                then 'not_counted'
            when owners.owned_date > as_of.as_of_date then 'after_as_of'
            when order_rows.status = 'refunded' and owners.is_refunded_by_status
                then 'refunded_by_status'
            when owners.customer_id is null then 'without_customer'
            when buyers.customer_id is null then 'without_order'
            else 'in_cohorts'
        end as money_use,
        order_rows.amount
    from order_rows
    cross join as_of
    left join owners on order_rows.order_id = owners.order_id
    left join buyers on owners.customer_id = buyers.customer_id
),

uses as (
    select
        row_status,
        is_without_customer,
        is_identical,
        money_use,
        count(*) as row_count,
        {{ money('sum(coalesce(amount, 0))') }} as amount
    from used
    group by row_status, is_without_customer, is_identical, money_use
)

select * from uses
