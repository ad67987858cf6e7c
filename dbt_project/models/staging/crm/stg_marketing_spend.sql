with marketing_spend as (
    select
        source,
        campaign,
        landing_page,
        impressions,
        clicks,
        cost,
        spend_date
    from {{ ref('stg_marketing_spend_rows') }}
    where row_status = 'used'
)

select * from marketing_spend
