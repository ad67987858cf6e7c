with marketing_spend_delivered as (
    select * from {{ source('raw', 'marketing_spend') }}
),

rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

-- rows of one file that share their key are different ones: their number tells them apart
numbered as (
    select
        *,
        row_number() over (
            partition by spend_date, source, campaign, landing_page, _file
            order by updated_at, _line
        ) as copy_number
    from marketing_spend_delivered
),

priced as (
    select
        numbered.*,
        {{ exchange_rate('numbered.currency') }} as rate
    from numbered
    left join rates
        on
            numbered.currency = rates.currency
            and numbered.spend_date = rates.rate_date
),

judged as (
    select
        *,
        case
            {{ day_faults('spend_date', source('raw', 'marketing_spend')) }}
            when cost < 0 then 'cost is negative'
            when rate is null then 'currency has no exchange rate on its day'
        end as quarantine_reason
    from priced
),

versions as (
    select
        *,
        {{ version_columns('spend_date, source, campaign, landing_page, copy_number') }}
    from judged
),

tagged as (
    select
        source,
        campaign,
        landing_page,
        currency,
        {{ row_status() }} as row_status,
        quarantine_reason,
        copy_number,
        impressions,
        clicks,
        {{ converted('cost') }} as cost,
        spend_date,
        _delivered_at,
        _file,
        _line,
        _run_id
    from versions
)

select * from tagged
