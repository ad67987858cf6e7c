with profiles as (
    select customer_id from {{ ref('stg_customer_rows') }}
    where row_status = 'used' and is_test
),

survivors as (
    select customer_id from {{ ref('stg_customers') }}
    where is_test
),

listed as (
    select customer_id from {{ source('ledger', 'excluded_customers') }}
),

links as (
    select * from {{ ref('customer_merges') }}
),

found as (
    select customer_id, 0 as is_listed from profiles
    union all
    select customer_id, 0 as is_listed from survivors
    union all
    select links.customer_id, 0 as is_listed
    from links
    inner join survivors on links.survivor_id = survivors.customer_id
    union all
    select customer_id, 1 as is_listed from listed
    union all
    select links.customer_id, 1 as is_listed
    from links
    inner join listed on links.survivor_id = listed.customer_id
),

left_out as (
    select
        customer_id,
        case
            when max(is_listed) = 1 then 'is an excluded customer'
            else 'is a test customer'
        end as left_out_because
    from found
    group by customer_id
)

select * from left_out
