{{ config(materialized='view') }}

with events as (
    select * from {{ ref('stg_events') }}
),

links as (
    select * from {{ ref('identity_links') }}
),

owned as (
    select
        events.event_id,
        events.session_id,
        coalesce(events.customer_id, links.customer_id) as customer_id,
        events.anonymous_id,
        events.event_name,
        events.page,
        events.source,
        events.campaign,
        events.device,
        events.platform,
        events.event_date,
        greatest(events.event_date, coalesce(links.learned_on, events.event_date)) as known_on,
        events.occurred_at,
        events._file,
        events._line
    from events
    left join links
        on
            {{ where_it('events.customer_id is null', 'events.anonymous_id') }}
            = links.anonymous_id
            and events.occurred_at >= links.valid_from
            and events.occurred_at < links.valid_to
)

select * from owned
