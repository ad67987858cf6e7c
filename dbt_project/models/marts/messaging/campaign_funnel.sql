with months as (
    select
        *,
        -- nobody opens an ad, or unsubscribes from one
        case when kind = 'message' then delivered end as delivered_messages,
        case when is_complete then visits end as observed_visits,
        case when is_complete then visits_of_others end as observed_visits_of_others
    from {{ ref('campaign_months') }}
),

campaign_funnel as (
    select
        campaign,
        channel,
        kind,
        {{ diagnosis(
            falls_short('clicked', 'delivered', 'clicked_of_others', 'delivered_of_others'),
            falls_short(
                'converted', 'observed_visits', 'converted_of_others', 'observed_visits_of_others'
            )
        ) }} as diagnosis,
        {%- for count in [
            'sent', 'delivered', 'opened', 'clicked', 'unsubscribed', 'bounced', 'visits',
            'converted'
        ] %}
        cast({{ count }} as bigint) as {{ count }},
        {%- endfor %}
        {{ money('revenue') }} as revenue,
        {{ money('cost') }} as cost,
        {%- for rate, step, of in [
            ('open_rate', 'opened', 'delivered_messages'),
            ('click_rate', 'clicked', 'delivered'),
            ('unsubscribe_rate', 'unsubscribed', 'delivered_messages'),
            ('conversion_rate', 'converted', 'observed_visits'),
        ] %}
        {{ ratio(step, of) }} as {{ rate }},
        {{ wilson_low(step, of) }} as {{ rate }}_low,
        {{ wilson_high(step, of) }} as {{ rate }}_high,
        {%- endfor %}
        {{ ratio('clicked_of_others', 'delivered_of_others') }} as click_rate_of_others,
        {{ ratio('converted_of_others', 'observed_visits_of_others') }}
            as conversion_rate_of_others,
        is_complete,
        month
    from months
)

select * from campaign_funnel
