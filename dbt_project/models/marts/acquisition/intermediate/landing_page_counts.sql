with spending as (
    select
        spending.source,
        coalesce(spending.campaign, 'none') as campaign,
        coalesce(split_part(spending.landing_page, '?', 1), 'unknown') as landing_page,
        spending.impressions,
        spending.clicks,
        spending.cost,
        {{ month_start('spending.spend_date') }} as month
    from {{ ref('stg_marketing_spend') }} as spending
    inner join {{ ref('as_of') }} as as_of on spending.spend_date <= as_of.as_of_date
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

landing_page_counts as (
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
)

select * from landing_page_counts
