{%- set has_order_grain = var('orders_grain') == 'order' -%}
with order_rows as (
    select
        *,
        order_id is not null
        and {{ 'true' if has_order_grain else 'line_id is not null' }} as is_keyed,
        {{ business_date('ordered_at') }} as order_date
    from {{ source('raw', 'orders') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

test_customers as (
    select customer_id from {{ ref('stg_customers') }}
    where is_test
),

-- identical rows of one file are told apart by their number among them, so that a second
-- delivery of the same rows meets its twins and a doubled line is not lost
numbered as (
    select
        *,
        1 as copy_number
    from order_rows
    where is_keyed
    union all
    select
        *,
        row_number() over (partition by _content, _file order by _line) as copy_number
    from order_rows
    where not is_keyed
),

priced as (
    select
        numbered.*,
        coalesce(
            numbered.order_id, numbered._content || '-' || cast(numbered.copy_number as string)
        ) as order_key,
        case
            when not numbered.is_keyed then numbered._content
            else {{ "''" if has_order_grain else 'numbered.line_id' }}
        end as line_key,
        case
            when numbered.currency is null or numbered.currency = '{{ var("base_currency") }}'
                then cast(1 as decimal(28, 12))
            else rates.rate
        end as rate,
        test_customers.customer_id is not null as is_test
    from numbered
    left join rates
        on numbered.currency = rates.currency and numbered.order_date = rates.rate_date
    left join test_customers on numbered.customer_id = test_customers.customer_id
),

judged as (
    select
        *,
        case
            {{ moment_faults('ordered_at') }}
            when status not in ('counted', 'cancelled', 'pending', 'refunded')
                then 'status is unknown'
            when rate is null then 'currency has no exchange rate on its day'
            when is_test then 'customer_id is a test customer'
        end as quarantine_reason
    from priced
)

select * from judged
