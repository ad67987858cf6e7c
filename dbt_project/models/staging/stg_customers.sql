with rows_used as (
    select * from {{ ref('stg_customer_rows') }}
    where row_status = 'used'
),

customers as (
    select
        customer_id,
        email,
        phone,
        name,
        country,
        acquisition_source,
        attributes,
        is_test,
        consent_email,
        consent_sms,
        consent_push,
        consent_messenger,
        birth_date,
        signed_up_at
    from rows_used
)

select * from customers
