with priced as (
    select * from {{ ref('base_refund_rows') }}
),

judged as (
    select
        *,
        case
            {{ moment_faults('refunded_at') }}
            when state not in ('counted', 'cancelled', 'pending') then 'status is unknown'
            when amount < 0 then 'amount is negative'
            when rate is null then 'currency has no exchange rate on its day'
            when left_out_because is not null then 'customer_id ' || left_out_because
            when named_order_id is not null and order_amount is null
                then 'order_id names no order'
            when amount_of_order > order_amount + 0.01 then 'amount is above its order'
            when counted_rows = 0 then 'order_id names an order that does not count'
        end as row_fault
    from priced
),

versions as (
    select
        *,
        {{ version_columns('refund_key', state='state', reason='row_fault') }}
    from judged
),

marked as (
    select
        *,
        row_fault is null and version_rank = 1 and state = 'counted' as is_given
    from versions
),

-- of several refunds of an order, in order of time, those that fit into it
summed as (
    select
        *,
        sum(amount_of_order) over (
            partition by named_order_id, is_given
            order by refunded_at, refund_key
            rows unbounded preceding
        ) as given_back
    from marked
),

refused as (
    select
        *,
        case
            when is_given and named_order_id is not null and given_back > order_amount + 0.01
                then 'amount is above what is left of its order'
            else row_fault
        end as quarantine_reason
    from summed
),

tagged as (
    select
        refund_key as refund_id,
        named_order_id as order_id,
        {{ known_id('customer_id') }} as customer_id,
        state as status,
        reason,
        money_currency as currency,
        {{ row_status(state='state') }} as row_status,
        quarantine_reason,
        copy_number,
        {{ converted('amount') }} as amount,
        refund_date,
        refunded_at,
        _file,
        _line,
        _run_id
    from refused
)

select * from tagged
