with as_of as (
    select * from {{ ref('as_of') }}
),

happenings as (
    select
        event_name,
        customer_id,
        device,
        platform,
        event_date as sign_date
    from {{ ref('events') }}
    where customer_id is not null
    union all
    select
        'session' as event_name,
        sessions.customer_id,
        delivered.device,
        delivered.platform,
        sessions.session_date as sign_date
    from {{ ref('sessions') }} as sessions
    inner join {{ ref('stg_sessions') }} as delivered
        on sessions.session_id = delivered.session_id
    where sessions.customer_id is not null
),

known as (
    select happenings.*
    from happenings
    inner join as_of on happenings.sign_date <= as_of.as_of_date
),

told as (
    select
        customer_id,
        {{ is_one_of('event_name', var('product_view_events')) }} as is_view,
        {{ is_one_of('event_name', var('favourite_events')) }} as is_favourite,
        coalesce(
            {{ is_one_of('event_name', var('app_install_events')) }}
            or {{ is_one_of('device', var('app_platforms')) }}
            or {{ is_one_of('platform', var('app_platforms')) }},
            false
        ) as is_app,
        coalesce(
            {{ is_one_of('device', var('mobile_web_platforms')) }}
            or {{ is_one_of('platform', var('mobile_web_platforms')) }},
            false
        ) as is_mobile,
        sign_date
    from known
),

signs as (
    select distinct customer_id, 'viewed' as sign, sign_date from told
    where is_view
    union all
    select distinct customer_id, 'favourited' as sign, sign_date from told
    where is_favourite
    union all
    select distinct customer_id, 'app' as sign, sign_date from told
    where is_app
    union all
    select distinct customer_id, 'mobile_web' as sign, sign_date from told
    where is_mobile and not is_app
)

select * from signs
