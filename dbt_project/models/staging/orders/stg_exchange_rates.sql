with own_rates as (
    select currency, rate_date, units_per_euro
    from {{ source('ledger', 'own_exchange_rates') }}
),

rates as (
    select currency, rate_date, units_per_euro from own_rates
    union all
    select published.currency, published.rate_date, published.units_per_euro
    from {{ ref('exchange_rates') }} as published
    left join own_rates
        on
            published.currency = own_rates.currency
            and published.rate_date = own_rates.rate_date
    where own_rates.currency is null
),

quotes as (
    select currency, rate_date, units_per_euro from rates
    union all
    select distinct 'EUR' as currency, rate_date, cast(1 as decimal(18, 6)) as units_per_euro
    from rates
),

quotes_until as (
    select
        currency,
        rate_date,
        units_per_euro,
        lead(rate_date) over (partition by currency order by rate_date) as next_rate_date
    from quotes
),

daily as (
    select
        quotes_until.currency,
        {{ add_days('quotes_until.rate_date', 'numbers.n') }} as rate_date,
        quotes_until.units_per_euro
    from quotes_until
    inner join {{ numbers(var('exchange_rate_max_age_days') + 1) }} as numbers
        on
            quotes_until.next_rate_date is null
            or {{ add_days('quotes_until.rate_date', 'numbers.n') }} < quotes_until.next_rate_date
),

to_base as (
    select
        daily.currency,
        daily.rate_date,
        cast({{ ratio('base.units_per_euro', 'daily.units_per_euro') }} as decimal(28, 12)) as rate
    from daily
    inner join daily as base
        on
            daily.rate_date = base.rate_date
            and base.currency = '{{ var("base_currency") }}'
    where daily.currency <> '{{ var("base_currency") }}'
)

select * from to_base
