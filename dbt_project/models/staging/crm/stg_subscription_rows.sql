with subscriptions_delivered as (
    select * from {{ source('raw', 'subscriptions') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

priced as (
    select
        subscriptions_delivered.*,
        {{ exchange_rate('subscriptions_delivered.currency') }} as rate
    from subscriptions_delivered
    left join rates
        on
            subscriptions_delivered.currency = rates.currency
            and subscriptions_delivered.start_date = rates.rate_date
),

known as (
    select
        priced.*,
        excluded_customers.left_out_because
    from priced
    left join excluded_customers on priced.customer_id = excluded_customers.customer_id
),

judged as (
    select
        *,
        case
            when start_date < date '1990-01-01' then 'start_date is before 1990'
            when end_date < start_date then 'end_date is before start_date'
            when amount < 0 then 'amount is negative'
            when billing_months < 1 then 'billing_months is below 1'
            when rate is null then 'currency has no exchange rate on its day'
            {{ customer_faults() }}
        end as quarantine_reason
    from known
),

versions as (
    select
        *,
        {{ version_columns('subscription_id, start_date') }}
    from judged
),

tagged as (
    select
        subscription_id,
        customer_id,
        plan,
        cancel_reason,
        currency,
        {{ row_status() }} as row_status,
        quarantine_reason,
        coalesce(billing_months, 1) as billing_months,
        {{ converted('amount') }} as amount,
        start_date,
        end_date,
        _delivered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
