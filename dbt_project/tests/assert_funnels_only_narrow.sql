-- A row is a campaign or landing page of which more got to a step than to the one before it.
{{ config(meta={'dagster': {'ref': {'name': 'campaign_funnel'}}}) }}

select
    campaign,
    channel,
    month
from {{ ref('campaign_funnel') }}
where
    converted > visits
    or (kind = 'message' and (clicked > opened or opened > delivered or delivered > sent))
union all
select
    campaign,
    landing_page as channel,
    month
from {{ ref('landing_page_funnel') }}
where
    sessions_with_order > sessions_with_wish
    or sessions_with_wish > sessions_with_product_view
    or sessions_with_product_view > sessions
