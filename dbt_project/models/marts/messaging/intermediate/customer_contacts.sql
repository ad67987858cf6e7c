{#- A message counts once, on the day it first shows; for messages without a number,
    being sent and being delivered on one day is one contact. -#}
with known_messages as (
    {{ up_to_as_of('stg_messages', 'message_date') }}
),

messages as (
    select
        message_id,
        customer_id,
        campaign,
        {{ consent_channel('channel') }} as channel,
        status,
        message_date
    from known_messages
),

contacts as (
    select customer_id, channel, campaign, min(message_date) as contact_date
    from messages
    where message_id is not null and status not in ('unsubscribed', 'bounced')
    group by message_id, customer_id, channel, campaign
    union all
    select distinct customer_id, channel, campaign, message_date as contact_date
    from messages
    where message_id is null and status in ('sent', 'delivered')
)

select * from contacts
