-- depends_on: {{ ref('stg_sessions') }}, {{ ref('events') }}
{%- set place = in_order('occurred_at, _file, _line') %}
{% if var('sessions_mapped') -%}
with sessions as (
    select
        session_id, customer_id, anonymous_id, source, campaign, landing_page, device,
        session_date as known_on, started_at
    from {{ ref('stg_sessions') }}
),
{%- else -%}
{#- No session export: a session is its events of one session_id, else events of one visitor
    without a longer silence between them. Whoever logs in on the way stays one visitor. -#}
with events as {{ read_anew() }} (
    select *, coalesce(customer_id, anonymous_id, event_id) as visitor
    from {{ ref('events') }}
),

spaced as (
    select
        *,
        lag(occurred_at) over (partition by visitor order by occurred_at, event_id) as previous_at
    from events
    where session_id is null
),

opened as (
    select
        *,
        {{ second_diff('previous_at', 'occurred_at') }} <= {{ var('session_timeout_minutes') * 60 }}
            as goes_on
    from spaced
),

numbered as (
    select
        *,
        visitor || '-' || cast(sum(case when goes_on then 0 else 1 end) over (
            partition by visitor order by occurred_at, event_id rows unbounded preceding
        ) as string) as visit_id
    from opened
),

visits as (
    select
        session_id as visit_id, customer_id, anonymous_id, source, campaign, page, device,
        known_on, occurred_at, _file, _line
    from events
    where session_id is not null
    union all
    select
        visit_id, customer_id, anonymous_id, source, campaign, page, device,
        known_on, occurred_at, _file, _line
    from numbered
),

-- a visit came from where the first of its events that says so came from
sessions as (
    select
        visit_id as session_id,
        {{ first_told('customer_id', place) }} as customer_id,
        {{ first_told('anonymous_id', place) }} as anonymous_id,
        {{ first_told('source', place) }} as source,
        {{ first_told('campaign', place) }} as campaign,
        {{ first_told('page', place) }} as landing_page,
        {{ first_told('device', place) }} as device,
        max(known_on) as known_on,
        min(occurred_at) as started_at
    from visits
    group by visit_id
),
{%- endif %}

owned as (
    select
        sessions.session_id,
        coalesce(sessions.customer_id, links.customer_id) as customer_id,
        sessions.anonymous_id,
        sessions.source,
        sessions.campaign,
        -- what follows the question mark differs with every click
        split_part(sessions.landing_page, '?', 1) as landing_page,
        sessions.device,
        {{ business_date('sessions.started_at') }} as session_date,
        greatest(sessions.known_on, coalesce(links.learned_on, sessions.known_on)) as known_on,
        sessions.started_at
    from sessions
    left join {{ ref('identity_links') }} as links
        on
            {{ where_it('sessions.customer_id is null', 'sessions.anonymous_id') }}
            = links.anonymous_id
            and sessions.started_at >= links.valid_from
            and sessions.started_at < links.valid_to
)

select * from owned
