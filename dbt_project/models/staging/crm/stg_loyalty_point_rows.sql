with loyalty_points_delivered as (
    select * from {{ source('raw', 'loyalty_points') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

-- rows of one file that share their key are different ones: their number tells them apart
numbered as (
    select
        *,
        row_number() over (
            partition by customer_id, kind, order_id, occurred_at, _file
            order by updated_at, _line
        ) as copy_number
    from loyalty_points_delivered
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
            {{ moment_faults('occurred_at', source('raw', 'loyalty_points')) }}
            when lower(kind) not in ('accrued', 'redeemed', 'expired', 'adjusted')
                then 'kind is unknown'
            {{ customer_faults() }}
        end as quarantine_reason
    from known
),

versions as (
    select
        *,
        {{ version_columns('customer_id, kind, order_id, occurred_at, copy_number') }}
    from judged
),

tagged as (
    select
        customer_id,
        {{ known_id('order_id') }} as order_id,
        lower(kind) as kind,
        {{ row_status() }} as row_status,
        quarantine_reason,
        copy_number,
        points,
        {{ business_date('occurred_at') }} as movement_date,
        occurred_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
