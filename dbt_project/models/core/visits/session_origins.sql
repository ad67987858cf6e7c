-- depends_on: {{ ref('stg_sessions') }}
-- depends_on: {{ ref('stg_events') }}
-- depends_on: {{ ref('session_moments') }}
{{ config(materialized='view') }}
{% if var('sessions_mapped') -%}
with told as (
    select session_id, source, campaign, landing_page from {{ ref('stg_sessions') }}
),
{%- else -%}
{#- Without a session export, the first events that say so tell. -#}
with moments as (
    select
        moments.session_id,
        events.source,
        events.campaign,
        events.page,
        row_number() over (
            partition by moments.session_id order by moments.occurred_at, moments.moment_id
        ) as event_number
    from {{ ref('session_moments') }} as moments
    inner join {{ ref('stg_events') }} as events on moments.moment_id = events.event_id
    where moments.activity <> 'order'
),

told as (
    select
        session_id,
        min_by(source, event_number) filter (where source is not null) as source,
        min_by(campaign, event_number) filter (where campaign is not null) as campaign,
        min_by(page, event_number) filter (where page is not null) as landing_page
    from moments
    group by session_id
),
{%- endif %}

session_origins as (
    select
        session_id,
        source,
        campaign,
        -- what follows the question mark differs with every click
        split_part(landing_page, '?', 1) as landing_page
    from told
)

select * from session_origins
