{#- Others are the other pages and campaigns of the same source in the same month. -#}
with pages as (
    select
        pages.*,
        months.is_complete
        and {{ add_days('months.period_end', (var('conversion_window_hours') + 23) // 24) }}
        <= as_of.as_of_date as is_complete
    from {{ ref('landing_page_counts') }} as pages
    inner join {{ ref('calendar_periods') }} as months
        on months.period = 'month' and pages.month = months.period_start
    cross join {{ ref('as_of') }} as as_of
),

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
        {{ ratio(step, of) }} as {{ rate }},
        {{ wilson_low(step, of) }} as {{ rate }}_low,
        {{ wilson_high(step, of) }} as {{ rate }}_high,
        {%- endfor %}
        is_complete,
        month
    from compared
)

select * from landing_page_funnel
