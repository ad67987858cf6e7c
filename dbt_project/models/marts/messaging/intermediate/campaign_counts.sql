{#- Messages and ads in the same terms: shown, clicked, visited, bought. A message brings a visit
    with every click; an ad's visits are those that name it. -#}
with known_spending as (
    {{ up_to_as_of('stg_marketing_spend', 'spend_date') }}
),

spending as (
    select *, {{ month_start('spend_date') }} as month
    from known_spending
    where campaign is not null
),

told as (
    select
        'message' as kind, campaign, channel, month,
        count(*) as sent,
        count(*) filter (where is_delivered) as delivered,
        count(*) filter (where is_opened) as opened,
        count(*) filter (where is_clicked) as clicked,
        count(*) filter (where is_unsubscribed) as unsubscribed,
        count(*) filter (where is_bounced) as bounced,
        count(*) filter (where is_clicked) as visits,
        count(*) filter (where is_converted) as converted,
        sum(revenue) as revenue,
        null as cost
    from {{ ref('message_outcomes') }}
    group by campaign, channel, month
    union all
    select
        'ad' as kind, campaign, source as channel, month,
        null as sent, sum(impressions) as delivered, null as opened, sum(clicks) as clicked,
        null as unsubscribed, null as bounced, null as visits, null as converted,
        null as revenue, sum(cost) as cost
    from spending
    group by campaign, source, month
    union all
    select
        'ad' as kind, campaign, source as channel, month,
        null as sent, null as delivered, null as opened, null as clicked,
        null as unsubscribed, null as bounced, count(*) as visits,
        count(*) filter (where has_order) as converted, sum(revenue) as revenue, null as cost
    from {{ ref('session_steps') }}
    where campaign is not null
    group by campaign, source, month
),

campaign_counts as (
    select
        kind,
        campaign,
        channel,
        {%- for count in [
            'sent', 'delivered', 'opened', 'clicked', 'unsubscribed', 'bounced', 'visits',
            'converted'
        ] %}
        cast(sum({{ count }}) as bigint) as {{ count }},
        {%- endfor %}
        {{ money('sum(revenue)') }} as revenue,
        {{ money('sum(cost)') }} as cost,
        month
    from told
    group by kind, campaign, channel, month
)

select * from campaign_counts
