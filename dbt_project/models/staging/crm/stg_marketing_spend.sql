{%- set kinds = {'source': 'source', 'campaign': 'campaign'} -%}
with rows_used as (
    select * from {{ ref('stg_marketing_spend_rows') }}
    where row_status = 'used'
),

marketing_spend as (
    select
        {{ spelt('rows_used', kinds) | trim }},
        rows_used.landing_page,
        rows_used.impressions,
        rows_used.clicks,
        rows_used.cost,
        rows_used.spend_date
    from rows_used
    {{ with_spellings('rows_used', kinds) | trim }}
)

select * from marketing_spend
