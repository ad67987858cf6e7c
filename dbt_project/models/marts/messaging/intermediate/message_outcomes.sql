{#- A message that was clicked was opened, and one that was opened delivered, reported or not. On
    channels that never report deliveries, what does not bounce is delivered. Unnumbered rows of a
    month are one message of their customer, channel and campaign. -#}
with known_messages as (
    {{ up_to_as_of('stg_messages', 'message_date') }}
),

messages as (
    select
        *,
        coalesce(
            message_id,
            coalesce(campaign, '') || '-' || cast({{ month_start('message_date') }} as string)
        ) as message_key,
        max(case when status = 'delivered' then 1 else 0 end) over (partition by channel)
            as tells_of_deliveries
    from known_messages
),

placed as (
    select
        *,
        row_number() over (
            partition by message_key, customer_id, channel
            order by occurred_at asc, _file asc, _line asc
        ) as place
    from messages
),

-- a message is of the campaign that the first of its rows that says so says
grouped as (
    select
        message_key,
        customer_id,
        channel,
        coalesce({{ first_told('campaign') }}, 'unknown') as campaign,
        {%- for status in ['delivered', 'opened', 'clicked', 'unsubscribed', 'bounced'] %}
        max(case when status = '{{ status }}' then 1 else 0 end) as {{ status }},
        {%- endfor %}
        max(tells_of_deliveries) as tells_of_deliveries,
        min(message_date) as message_date,
        min(case when status = 'clicked' then occurred_at end) as clicked_at
    from placed
    group by message_key, customer_id, channel
),

-- each click, up to the customer's next
clicks as (
    select
        message_key, customer_id, channel, clicked_at,
        lead(clicked_at) over (
            partition by customer_id order by clicked_at, channel, message_key
        ) as next_clicked_at
    from grouped
    where clicked_at is not null
),

bought as (
    select
        clicks.message_key, clicks.customer_id, clicks.channel,
        sum(orders.net_amount) as revenue
    from clicks
    inner join {{ ref('order_values') }} as orders
        on
            clicks.customer_id = orders.customer_id
            and clicks.clicked_at <= orders.ordered_at
            and (clicks.next_clicked_at > orders.ordered_at or clicks.next_clicked_at is null)
            and {{ second_diff('clicks.clicked_at', 'orders.ordered_at') }}
            <= {{ var('message_conversion_days') * 86400 }}
    group by clicks.message_key, clicks.customer_id, clicks.channel
),

message_outcomes as (
    select
        grouped.message_key, grouped.customer_id, grouped.channel, grouped.campaign,
        {{ money('coalesce(bought.revenue, 0)') }} as revenue,
        greatest(grouped.delivered, grouped.opened, grouped.clicked, grouped.unsubscribed) = 1
        or (grouped.tells_of_deliveries = 0 and grouped.bounced = 0) as is_delivered,
        greatest(grouped.opened, grouped.clicked) = 1 as is_opened,
        grouped.clicked = 1 as is_clicked,
        grouped.unsubscribed = 1 as is_unsubscribed,
        grouped.bounced = 1 as is_bounced,
        bought.customer_id is not null as is_converted,
        {{ month_start('grouped.message_date') }} as month
    from grouped
    left join bought
        on
            grouped.message_key = bought.message_key
            and grouped.customer_id = bought.customer_id and grouped.channel = bought.channel
)

select * from message_outcomes
