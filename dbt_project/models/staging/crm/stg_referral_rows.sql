with referrals_delivered as (
    select * from {{ source('raw', 'referrals') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

-- rows of one file that share their key are different ones: their number tells them apart
numbered as (
    select
        *,
        row_number() over (
            partition by referrer_id, invited_at, _file
            order by updated_at, _line
        ) as copy_number
    from referrals_delivered
),

known as (
    select
        numbered.*,
        excluded_customers.left_out_because
    from numbered
    left join excluded_customers
        on numbered.referrer_id = excluded_customers.customer_id
),

judged as (
    select
        *,
        case
            {{ moment_faults('invited_at', source('raw', 'referrals')) }}
            when joined_at < invited_at then 'joined_at is before invited_at'
            when invited_customer_id = referrer_id then 'invited_customer_id is who invited'
            {{ customer_faults('referrer_id') }}
        end as quarantine_reason
    from known
),

versions as (
    select
        *,
        {{ version_columns('referrer_id, invited_at, copy_number') }}
    from judged
),

tagged as (
    select
        referrer_id,
        {{ known_person('invited_customer_id') }} as invited_customer_id,
        {{ row_status() }} as row_status,
        quarantine_reason,
        copy_number,
        reward_amount,
        {{ business_date('invited_at') }} as invitation_date,
        invited_at,
        joined_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
