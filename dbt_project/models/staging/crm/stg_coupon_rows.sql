with coupons_delivered as (
    select * from {{ source('raw', 'coupons') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

-- rows of one file that share their key are different ones: their number tells them apart
numbered as (
    select
        *,
        row_number() over (
            partition by coupon_code, customer_id, order_id, redeemed_at, _file
            order by updated_at, _line
        ) as copy_number
    from coupons_delivered
),

known as (
    select
        numbered.*,
        excluded_customers.left_out_because
    from numbered
    left join excluded_customers
        on numbered.customer_id = excluded_customers.customer_id
),

judged as (
    select
        *,
        case
            {{ moment_faults('redeemed_at', source('raw', 'coupons')) }}
            {{ customer_faults() }}
        end as quarantine_reason
    from known
),

versions as (
    select
        *,
        {{ version_columns('coupon_code, customer_id, order_id, redeemed_at, copy_number') }}
    from judged
),

tagged as (
    select
        customer_id,
        {{ known_id('order_id') }} as order_id,
        coupon_code,
        campaign,
        {{ row_status() }} as row_status,
        quarantine_reason,
        copy_number,
        discount_amount,
        {{ business_date('redeemed_at') }} as redemption_date,
        redeemed_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
