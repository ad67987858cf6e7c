with customers as (
    select
        *,
        cast(null as string) as quarantine_reason
    from {{ source('raw', 'customers') }}
),

versions as (
    select
        *,
        {{ version_columns('customer_id') }}
    from customers
),

-- many systems let a customer who was never merged point at itself
judged as (
    select
        customer_id,
        nullif({{ known_id('merged_into') }}, customer_id) as merged_into,
        version_rank = 1 as is_newest,
        _file,
        _line
    from versions
)

select * from judged
