{#- The money of rejected rows, where it can be read at all; that of refunds is below zero. -#}
with rejects as (
    select
        *,
        case when export = 'refunds' then -amount else amount end as signed_amount,
        coalesce({{ business_date('moment') }}, _delivered_at) as rate_date
    from {{ source('ledger', 'rejects') }}
    where export in ('orders', 'refunds')
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

converted as (
    select
        rejects.export,
        rejects.signed_amount * {{ exchange_rate('rejects.currency') }} as amount
    from rejects
    left join rates
        on rejects.currency = rates.currency and rejects.rate_date = rates.rate_date
),

exports as (
    select 'orders' as export
    union all
    select 'refunds' as export
),

rejected as (
    select
        exports.export,
        {{ money('sum(coalesce(converted.amount, 0))') }} as amount
    from exports
    left join converted on exports.export = converted.export
    group by exports.export
)

select * from rejected
