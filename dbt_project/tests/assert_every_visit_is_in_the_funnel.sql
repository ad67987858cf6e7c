-- A row says by how much the landing pages differ from the visits, or the orders within them.
{{ config(meta={'dagster': {'ref': {'name': 'landing_page_funnel'}}}) }}

with pages as (
    select
        coalesce(sum(sessions), 0) as sessions,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('landing_page_funnel') }}
),

visits as (
    select
        count(*) as sessions,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('session_steps') }}
)

select
    pages.*,
    visits.*
from pages
cross join visits
where pages.sessions <> visits.sessions or pages.revenue <> visits.revenue
