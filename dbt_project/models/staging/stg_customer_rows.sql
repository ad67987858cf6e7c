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
