{#- Others are the other campaigns of the same channel in the same month. -#}
with campaigns as (
    select * from {{ ref('campaign_counts') }}
),

lives as (
    select kind, campaign, channel, min(month) as first_month, max(month) as last_month
    from campaigns
    group by kind, campaign, channel
),

-- complete once an order after the last click of the month would be known
spine as (
    select
        lives.kind,
        lives.campaign,
        lives.channel,
        months.is_complete
        and {{ add_days('months.period_end', var('message_conversion_days')) }}
        <= as_of.as_of_date as is_complete,
        months.period_start as month
    from lives
    inner join {{ ref('calendar_periods') }} as months
        on
            months.period = 'month'
            and months.period_start between lives.first_month and lives.last_month
    cross join {{ ref('as_of') }} as as_of
),

counted as (
    select
        {%- for count in [
            'sent', 'delivered', 'opened', 'clicked', 'unsubscribed', 'bounced', 'visits',
            'converted', 'revenue', 'cost'
        ] %}
        coalesce(campaigns.{{ count }}, 0) as {{ count }},
        {%- endfor %}
        spine.*
    from spine
    left join campaigns
        on
            spine.kind = campaigns.kind
            and spine.campaign = campaigns.campaign
            and spine.channel = campaigns.channel
            and spine.month = campaigns.month
),

compared as (
    select
        {%- for count in ['delivered', 'clicked', 'visits', 'converted'] %}
        sum({{ count }}) over (partition by kind, channel, month) - {{ count }}
            as {{ count }}_of_others,
        {%- endfor %}
        *
    from counted
),

months as (
    select
        *,
        -- nobody opens an ad, or unsubscribes from one
        case when kind = 'message' then delivered end as delivered_messages,
        case when is_complete then visits end as observed_visits,
        case when is_complete then visits_of_others end as observed_visits_of_others
    from compared
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
        {%- set observed = '(case when is_complete then ' ~ of ~ ' end)' %}
        {{ ratio(step, observed) }} as {{ rate }},
        {{ wilson_low(step, observed) }} as {{ rate }}_low,
        {{ wilson_high(step, observed) }} as {{ rate }}_high,
        {%- endfor %}
        {{ ratio('clicked_of_others', 'case when is_complete then delivered_of_others end') }}
            as click_rate_of_others,
        {{ ratio('converted_of_others', 'observed_visits_of_others') }}
            as conversion_rate_of_others,
        is_complete,
        month
    from months
)

select * from campaign_funnel
