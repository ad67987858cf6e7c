with as_of as (
    select * from {{ ref('as_of') }}
),

known_spending as (
    {{ up_to_as_of('stg_marketing_spend', 'spend_date') }}
),

spending as (
    select
        source,
        coalesce(campaign, 'none') as campaign,
        coalesce(split_part(landing_page, '?', 1), 'unknown') as landing_page,
        impressions,
        clicks,
        cost,
        {{ month_start('spend_date') }} as month
    from known_spending
),

visits as (
    select
        source,
        coalesce(campaign, 'none') as campaign,
        landing_page,
        month,
        count(*) as sessions,
        count(*) filter (where has_product_view) as sessions_with_product_view,
        count(*) filter (where has_wish) as sessions_with_wish,
        count(*) filter (where has_order) as sessions_with_order,
        sum(revenue) as revenue
    from {{ ref('session_steps') }}
    group by source, coalesce(campaign, 'none'), landing_page, month
),

ads as (
    select
        source,
        campaign,
        landing_page,
        month,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(cost) as cost
    from spending
    group by source, campaign, landing_page, month
),

counted as (
    select
        coalesce(visits.source, ads.source) as source,
        coalesce(visits.campaign, ads.campaign) as campaign,
        coalesce(visits.landing_page, ads.landing_page) as landing_page,
        {%- for count in [
            'ads.impressions', 'ads.clicks', 'visits.sessions',
            'visits.sessions_with_product_view', 'visits.sessions_with_wish',
            'visits.sessions_with_order'
        ] %}
        cast(coalesce({{ count }}, 0) as bigint) as {{ count.split('.')[1] }},
        {%- endfor %}
        {{ money('coalesce(visits.revenue, 0)') }} as revenue,
        {{ money('coalesce(ads.cost, 0)') }} as cost,
        coalesce(visits.month, ads.month) as month
    from visits
    full outer join ads
        on
            visits.source = ads.source
            and visits.campaign = ads.campaign
            and visits.landing_page = ads.landing_page
            and visits.month = ads.month
),

pages as (
    select
        counted.*,
        months.is_complete
        and {{ add_days('months.period_end', (var('conversion_window_hours') + 23) // 24) }}
        <= as_of.as_of_date as is_complete
    from counted
    inner join {{ ref('calendar_periods') }} as months
        on months.period = 'month' and counted.month = months.period_start
    cross join as_of
),

-- others are the other pages and campaigns of the same source in the same month
compared as (
    select
        {%- for count in ['impressions', 'clicks', 'sessions', 'sessions_with_order'] %}
        sum({{ count }}) over (partition by source, month) - {{ count }}
            as {{ count }}_of_others,
        {%- endfor %}
        *,
        case when is_complete then sessions end as observed_sessions
    from pages
),

landing_page_funnel as (
    select
        source,
        campaign,
        landing_page,
        {{ diagnosis(
            falls_short('clicks', 'impressions', 'clicks_of_others', 'impressions_of_others'),
            falls_short(
                'sessions_with_order', 'observed_sessions',
                'sessions_with_order_of_others', 'sessions_of_others'
            )
        ) }} as diagnosis,
        impressions,
        clicks,
        sessions,
        sessions_with_product_view,
        sessions_with_wish,
        sessions_with_order,
        revenue,
        cost,
        {%- for rate, step, of in [
            ('click_rate', 'clicks', 'impressions'),
            ('product_view_rate', 'sessions_with_product_view', 'sessions'),
            ('wish_rate', 'sessions_with_wish', 'sessions_with_product_view'),
            ('order_rate', 'sessions_with_order', 'sessions_with_wish'),
            ('conversion_rate', 'sessions_with_order', 'observed_sessions'),
        ] %}
        {%- set observed = '(case when is_complete then ' ~ of ~ ' end)' %}
        {{ ratio(step, observed) }} as {{ rate }},
        {{ wilson_low(step, observed) }} as {{ rate }}_low,
        {{ wilson_high(step, observed) }} as {{ rate }}_high,
        {%- endfor %}
        is_complete,
        month
    from compared
)

select * from landing_page_funnel
