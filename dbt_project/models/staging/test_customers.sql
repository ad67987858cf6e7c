with profiles as (
    select customer_id from {{ ref('stg_customer_rows') }}
    where row_status = 'used' and is_test
),

survivors as (
    select customer_id from {{ ref('stg_customers') }}
    where is_test
),

merged as (
    select links.customer_id
    from {{ ref('customer_merges') }} as links
    inner join survivors on links.survivor_id = survivors.customer_id
),

test_customers as (
    select customer_id from profiles
    union
    select customer_id from survivors
    union
    select customer_id from merged
)

select * from test_customers
