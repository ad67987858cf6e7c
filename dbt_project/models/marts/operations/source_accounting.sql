{%- set statuses = ['duplicate', 'superseded', 'quarantined', 'used'] -%}
{%- set has_money = 'case when rejected.export is not null' -%}
with rates as (
    select * from {{ ref('stg_exchange_rates') }}
),

files as (
    select
        export,
        sum(rows_in_file) as rows_in_files,
        sum(rows_filtered) as rows_filtered,
        sum(rows_rejected) as rows_rejected,
        sum(rows_loaded) as rows_loaded,
        count(*) as files,
        max(run_id) as run_id
    from {{ source('ledger', 'files') }}
    group by export
),

-- the money of rejected rows, where it can be read at all; that of refunds is below zero
rejects as (
    select
        *,
        case when export = 'refunds' then -amount else amount end as signed_amount,
        coalesce({{ business_date('moment') }}, _delivered_at) as rate_date
    from {{ source('ledger', 'rejects') }}
    where export in ('orders', 'refunds')
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
        {{ money('sum(coalesce(converted.amount, 0))') }} as amount_rejected
    from exports
    left join converted on exports.export = converted.export
    group by exports.export
),

uses as (
    select
        export,
        {%- for status in statuses %}
        sum(case when row_status = '{{ status }}' then row_count else 0 end) as rows_{{ status }},
        sum(case when row_status = '{{ status }}' then amount end) as amount_{{ status }},
        {%- endfor %}
        sum(case when row_status = 'used' and is_without_customer then row_count else 0 end)
            as rows_without_customer,
        sum(case when row_status = 'used' and is_identical then row_count else 0 end)
            as rows_identical,
        sum(case when row_status = 'used' and is_identical then amount end)
            as amount_identical,
        {%- for use in money_uses() %}
        sum(case when money_use = '{{ use }}' then amount end) as amount_{{ use }},
        {%- endfor %}
        sum(amount) as amount_loaded
    from {{ ref('row_outcomes') }}
    group by export
),

source_accounting as (
    select
        files.export,
        files.run_id,
        cast(files.files as bigint) as files,
        cast(files.rows_in_files as bigint) as rows_in_files,
        cast(coalesce(files.rows_filtered, 0) as bigint) as rows_filtered,
        cast(files.rows_rejected as bigint) as rows_rejected,
        cast(files.rows_loaded as bigint) as rows_loaded,
        {%- for status in statuses %}
        cast(coalesce(uses.rows_{{ status }}, 0) as bigint) as rows_{{ status }},
        {%- endfor %}
        cast(coalesce(uses.rows_without_customer, 0) as bigint) as rows_without_customer,
        cast(coalesce(uses.rows_identical, 0) as bigint) as rows_identical,
        {{ money('coalesce(uses.amount_loaded, 0) + rejected.amount_rejected') }}
            as amount_in_files,
        {{ money('rejected.amount_rejected') }} as amount_rejected,
        {%- for term in ['loaded'] + statuses + money_uses() %}
        {{ money(has_money ~ ' then coalesce(uses.amount_' ~ term ~ ', 0) end') }}
            as amount_{{ term }},
        {%- endfor %}
        {{ money(has_money ~ ' then coalesce(uses.amount_identical, 0) end') }}
            as amount_identical
    from files
    left join uses on files.export = uses.export
    left join rejected on files.export = rejected.export
)

select * from source_accounting
