{%- set said = var('refund_amounts') -%}
{%- set with_all = 'amount + coalesce(tax_amount, 0) + coalesce(shipping_amount, 0)' -%}
{%- set delivered = cents('delivered_of_order') -%}
{%- set counts = "status in ('counted', 'refunded')" -%}
with refund_rows as (
    select
        *,
        {{ business_date('refunded_at') }} as refund_date
    from {{ source('raw', 'refunds') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

excluded_customers as (
    select * from {{ ref('excluded_customers') }}
),

order_rows as (
    select * from {{ ref('stg_order_rows') }}
    where
        row_status = 'used'
        and order_id in (select refund_rows.order_id from refund_rows)
),

order_worths as (
    select
        order_id,
        min(currency) as order_currency,
        min(order_date) as order_date,
        sum(case when {{ counts }} then amount else 0 end) as order_amount,
        sum(case when {{ counts }} then {{ with_all }} else 0 end) as order_gross,
        sum(amount) as placed_amount,
        sum({{ with_all }}) as placed_gross,
        count(*) filter (where {{ counts }}) as counted_rows
    from order_rows
    group by order_id
),

-- what was cancelled of an order: each of its lines, and all of them together
cancelled_sums as (
    select
        order_id,
        amount,
        count(*) as parts
    from order_rows
    where status = 'cancelled'
    group by order_id, amount
    union all
    select
        order_id,
        sum(amount) as amount,
        1 as parts
    from order_rows
    where status = 'cancelled'
    group by order_id
    having count(*) > 1
),

cancelled as (
    select
        order_id,
        {{ cents('amount') }} as amount,
        sum(parts) as parts
    from cancelled_sums
    group by order_id, {{ cents('amount') }}
),

order_lines as (
    select
        order_id,
        line_id,
        min(status) as line_status,
        sum(amount) as line_amount,
        sum({{ with_all }}) as line_gross
    from order_rows
    group by order_id, line_id
),

-- what goods are of all that a customer pays
customer_worths as (
    select
        customer_id,
        sum(amount) as customer_amount,
        sum({{ with_all }}) as customer_gross
    from {{ ref('stg_order_rows') }}
    where
        row_status = 'used' and {{ counts }} and amount > 0
        and customer_id in (
            select refund_rows.customer_id from refund_rows
            where refund_rows.order_id is null
        )
    group by customer_id
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
        order_worths.counted_rows,
        order_worths.order_gross,
        order_lines.line_status,
        order_lines.line_amount,
        coalesce(
            {{ ratio('order_lines.line_amount', 'order_lines.line_gross') }},
            {{ ratio('order_worths.placed_amount', 'order_worths.placed_gross') }},
            {{ ratio('customer_worths.customer_amount', 'customer_worths.customer_gross') }},
            1e0
        ) as net_share
    from numbered
    left join order_worths on numbered.order_id = order_worths.order_id
    left join order_lines
        on numbered.order_id = order_lines.order_id and numbered.line_id = order_lines.line_id
    left join customer_worths
        on
            {{ where_it('numbered.order_id is null', 'numbered.customer_id') }}
            = customer_worths.customer_id
),

-- what the refund takes off its order is converted at the rate of the order's day, its own money
-- at that of its own day
priced as (
    select
        ordered.*,
        {{ exchange_rate('ordered.money_currency') }} as rate,
        {{ money('ordered.amount * case
            when ordered.money_currency = ordered.order_currency
                then coalesce(order_rates.rate, 1)
            else ' ~ exchange_rate('ordered.money_currency') ~ '
        end') }} as delivered_of_order,
        excluded_customers.left_out_because
    from ordered
    left join rates
        on ordered.money_currency = rates.currency and ordered.refund_date = rates.rate_date
    left join rates as order_rates
        on
            ordered.order_currency = order_rates.currency
            and ordered.order_date = order_rates.rate_date
    left join excluded_customers on ordered.customer_id = excluded_customers.customer_id
),

-- unsaid, amounts hold tax and shipping where some equal their order's with both, and none without
evidence as (
    select
        sum(case when {{ delivered }} = {{ cents('order_gross') }} then 1 else 0 end) > 0
        and sum(case when {{ delivered }} = {{ cents('order_amount') }} then 1 else 0 end) = 0
            as is_gross
    from priced
    where order_gross <> order_amount
),

parted as (
    select
        priced.*,
        {{ said == 'gross' if said else 'coalesce(evidence.is_gross, false)' }} as is_gross
    from priced
    cross join evidence
),

shares as (
    select
        *,
        case when is_gross then net_share else 1e0 end as taken
    from parted
),

netted as (
    select
        *,
        case
            when taken = 1 then amount
            else {{ money_of_double('cast(amount as double) * taken') }}
        end as net_amount,
        case
            when taken = 1 then delivered_of_order
            else {{ money_of_double('cast(delivered_of_order as double) * taken') }}
        end as amount_of_order
    from shares
),

-- a refund of a line belongs to it, one of an order is known for that of what was cancelled by its
-- amount
matched as (
    select
        netted.*,
        case
            when netted.line_status = 'cancelled'
                then netted.amount_of_order <= netted.line_amount + 0.01
            when netted.line_status is null then cancelled.parts is not null
            else false
        end as may_be_of_cancelled,
        cancelled.parts
    from netted
    left join cancelled
        on
            netted.order_id = cancelled.order_id
            and {{ cents('netted.amount_of_order') }} = cancelled.amount
),

judged as (
    select
        *,
        case
            {{ moment_faults('refunded_at', source('raw', 'refunds')) }}
            when state not in ('counted', 'cancelled', 'pending') then 'status is unknown'
            when amount < 0 then 'amount is negative'
            when rate is null then 'currency has no exchange rate on its day'
            when left_out_because is not null then 'customer_id ' || left_out_because
            when named_order_id is not null and order_amount is null
                then 'order_id names no order'
            when may_be_of_cancelled then null
            when counted_rows = 0 then 'order_id names an order that does not count'
            when line_status = 'cancelled' then 'amount is above its cancelled line'
            when amount_of_order > line_amount + 0.01 then 'amount is above its line'
            when amount_of_order > order_amount + 0.01 then 'amount is above its order'
        end as row_fault
    from matched
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

-- what was cancelled can be given back once
numbered_parts as (
    select
        *,
        is_given and may_be_of_cancelled and (line_status is not null or row_number() over (
            partition by named_order_id, is_given, may_be_of_cancelled, amount_of_order
            order by refunded_at, refund_key
        ) <= parts) as is_of_cancelled
    from marked
),

-- of several refunds of an order, in order of time, those that fit into it
summed as (
    select
        *,
        sum(amount_of_order) over (
            partition by named_order_id, is_given and not is_of_cancelled
            order by refunded_at, refund_key
            rows unbounded preceding
        ) as given_back
    from numbered_parts
),

refused as (
    select
        *,
        case
            when
                is_given and not is_of_cancelled and named_order_id is not null
                and given_back > order_amount + 0.01
                then 'amount is above what is left of its order'
            else row_fault
        end as quarantine_reason
    from summed
),

tagged as (
    select
        refund_key as refund_id,
        named_order_id as order_id,
        {{ known_person('customer_id') }} as customer_id,
        case when is_of_cancelled then 'cancelled' else state end as status,
        reason,
        money_currency as currency,
        {{ row_status(state='state') }} as row_status,
        quarantine_reason,
        copy_number,
        is_of_cancelled,
        {{ "false" if said else "is_gross" }} as is_taken_for_gross,
        {{ converted('net_amount') }} as amount,
        refund_date,
        refunded_at,
        _delivered_at,
        _file,
        _line,
        _run_id
    from refused
)

select * from tagged
