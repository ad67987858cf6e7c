with sightings as (
    select anonymous_id, customer_id, ordered_at as seen_at, order_date as seen_on
    from {{ ref('stg_orders') }}
    union all
    select anonymous_id, customer_id, started_at as seen_at, session_date as seen_on
    from {{ ref('stg_sessions') }}
    union all
    select anonymous_id, customer_id, occurred_at as seen_at, event_date as seen_on
    from {{ ref('stg_events') }}
),

logins as (
    select
        sightings.anonymous_id,
        sightings.seen_at,
        sightings.seen_on,
        min(sightings.customer_id) as customer_id
    from sightings
    inner join {{ ref('as_of') }} as as_of on sightings.seen_on <= as_of.as_of_date
    where sightings.anonymous_id is not null and sightings.customer_id is not null
    group by sightings.anonymous_id, sightings.seen_at, sightings.seen_on
),

ordered as (
    select
        *,
        lag(customer_id) over (partition by anonymous_id order by seen_at) as previous_customer_id
    from logins
),

changes as (
    select
        anonymous_id,
        customer_id,
        seen_at,
        seen_on,
        previous_customer_id is null as is_first
    from ordered
    where previous_customer_id is null or previous_customer_id <> customer_id
),

-- the first login owns what came before it; each later one owns what follows
links as (
    select
        anonymous_id,
        customer_id,
        seen_on as learned_on,
        case when is_first then timestamp '1900-01-01 00:00:00' else seen_at end as valid_from,
        coalesce(
            lead(seen_at) over (partition by anonymous_id order by seen_at),
            timestamp '9999-12-31 00:00:00'
        ) as valid_to
    from changes
)

select * from links
