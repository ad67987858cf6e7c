{%- set apps, mobile = var('app_platforms'), var('mobile_web_platforms') -%}
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

told as (
    select
        customer_id,
        coalesce({{ is_one_of('event_name', var('product_view_events')) }}, false) as is_view,
        coalesce({{ is_one_of('event_name', var('favourite_events')) }}, false) as is_favourite,
        coalesce({{ is_one_of('event_name', var('app_install_events')) }}, false)
        or coalesce({{ is_one_of('device', apps) }}, false)
        or coalesce({{ is_one_of('platform', apps) }}, false) as is_app,
        coalesce({{ is_one_of('device', mobile) }}, false)
        or coalesce({{ is_one_of('platform', mobile) }}, false) as is_mobile,
        sign_date
    from happenings
    where sign_date <= (select as_of.as_of_date from as_of)
),

days as (
    select
        customer_id,
        count(*) filter (where is_view) as viewed,
        count(*) filter (where is_favourite) as favourited,
        count(*) filter (where is_app) as app,
        count(*) filter (where is_mobile and not is_app) as mobile_web,
        sign_date
    from told
    where is_view or is_favourite or is_app or is_mobile
    group by customer_id, sign_date
),

signs as (
    {%- for sign in ['viewed', 'favourited', 'app', 'mobile_web'] %}
    {{ 'union all' if not loop.first }}
    select customer_id, '{{ sign }}' as sign, sign_date from days
    where {{ sign }} > 0
    {%- endfor %}
)

select * from signs
