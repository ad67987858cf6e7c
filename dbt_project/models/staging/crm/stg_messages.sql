{%- set kinds = {'campaign': 'campaign'} -%}
with rows_used as (
    select * from {{ ref('stg_message_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

messages as (
    select
        case when rows_used.has_message_id then rows_used.message_id end as message_id,
        coalesce(survivors.survivor_id, rows_used.customer_id) as customer_id,
        case
            when lower(trim(rows_used.channel)) = 'e-mail' then 'email'
            else lower(trim(rows_used.channel))
        end as channel,
        rows_used.status,
        {{ spelt('rows_used', kinds) | trim }},
        rows_used.message_date,
        rows_used.occurred_at,
        rows_used._file,
        rows_used._line
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
    {{ with_spellings('rows_used', kinds) | trim }}
)

select * from messages
