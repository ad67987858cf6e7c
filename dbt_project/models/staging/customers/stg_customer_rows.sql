with customers as (
    select * from {{ source('raw', 'customers') }}
),

cycles as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is null
),

judged as (
    select
        customers.*,
        case
            when {{ known_person('customers.customer_id') }} is null then 'customer_id is no id'
            when cycles.customer_id is not null then 'merged_into is a cycle'
        end as quarantine_reason
    from customers
    left join cycles
        on
            customers.customer_id = cycles.customer_id
            and customers.merged_into = cycles.merged_into
),

versions as (
    select
        *,
        {{ version_columns('customer_id') }}
    from judged
),

tagged as (
    select
        customer_id,
        merged_into,
        email,
        phone,
        name,
        country,
        acquisition_source,
        attributes,
        {{ row_status() }} as row_status,
        quarantine_reason,
        total_orders,
        coalesce(is_test, false) as is_test,
        consent_email,
        consent_sms,
        consent_push,
        consent_messenger,
        birth_date,
        signed_up_at,
        updated_at,
        _file,
        _line,
        _delivered_at,
        _run_id
    from versions
)

select * from tagged
