with refund_rows as (
    select
        *,
        {{ business_date('refunded_at') }} as refund_date
    from {{ source('raw', 'refunds') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

left_out_customers as (
    select * from {{ ref('left_out_customers') }}
),

order_worths as (
    select
        order_rows.order_id,
        min(order_rows.currency) as order_currency,
        min(order_rows.order_date) as order_date,
        sum(order_rows.amount) as order_amount,
        count(*) filter (where order_rows.status in ('counted', 'refunded')) as counted_rows
    from {{ ref('stg_order_rows') }} as order_rows
    where
        order_rows.row_status = 'used'
        and order_rows.order_id in (select refund_rows.order_id from refund_rows)
    group by order_rows.order_id
),

numbered as (
    {{ number_copies('refund_rows', known_id('refund_id') ~ ' is not null') }}
),

ordered as (
    select
        numbered.*,
        {{ own_key('numbered.refund_id') }} as refund_key,
        {{ known_id('numbered.order_id') }} as named_order_id,
        coalesce(numbered.status, 'counted') as state,
        coalesce(numbered.currency, order_worths.order_currency) as money_currency,
        order_worths.order_currency,
        order_worths.order_date,
        order_worths.order_amount,
        order_worths.counted_rows
    from numbered
    left join order_worths on numbered.order_id = order_worths.order_id
),

-- what the refund takes of its order is told at the rate of the order's day, and its money at that
-- of its own
priced as (
    select
        ordered.*,
        {{ exchange_rate('ordered.money_currency') }} as rate,
        {{ money('ordered.amount * case
            when ordered.money_currency = ordered.order_currency
                then coalesce(order_rates.rate, 1)
            else ' ~ exchange_rate('ordered.money_currency') ~ '
        end') }} as amount_of_order,
        left_out_customers.left_out_because
    from ordered
    left join rates
        on ordered.money_currency = rates.currency and ordered.refund_date = rates.rate_date
    left join rates as order_rates
        on
            ordered.order_currency = order_rates.currency
            and ordered.order_date = order_rates.rate_date
    left join left_out_customers on ordered.customer_id = left_out_customers.customer_id
)

select * from priced
