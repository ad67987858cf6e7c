{#- The money of rejected order rows, where it can be read at all. -#}
with rejects as (
    select
        *,
        coalesce({{ business_date('moment') }}, _delivered_at) as rate_date
    from {{ source('ledger', 'rejects') }}
    where export = 'orders'
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

rejected as (
    select {{ money('sum(coalesce(rejects.amount * case
        when rejects.currency is null or rejects.currency = \'' ~ var("base_currency") ~ '\' then 1
        else rates.rate
    end, 0))') }} as amount
    from rejects
    left join rates
        on rejects.currency = rates.currency and rejects.rate_date = rates.rate_date
)

select coalesce(amount, 0) as amount from rejected
