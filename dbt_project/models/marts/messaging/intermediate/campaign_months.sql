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
)

select * from compared
