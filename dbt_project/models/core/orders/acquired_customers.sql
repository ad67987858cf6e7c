with orders as (
    select * from {{ ref('order_values') }}
    where order_number = 1
),

profiles as (
    select customer_id, acquisition_source from {{ ref('stg_customers') }}
),

acquired_customers as (
    select
        orders.customer_id,
        coalesce(profiles.acquisition_source, orders.source, 'unknown') as source,
        {{ month_start('orders.order_date') }} as month,
        orders.order_date as first_order_date
    from orders
    left join profiles on orders.customer_id = profiles.customer_id
)

select * from acquired_customers
