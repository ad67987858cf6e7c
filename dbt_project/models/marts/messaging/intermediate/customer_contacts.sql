{#- A message counts once, on the day it first shows; of messages without a number, being sent and
    being delivered on one day is one contact. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

messages as (
    select
        messages.message_id,
        messages.customer_id,
        messages.campaign,
        {{ consent_channel('messages.channel') }} as channel,
        messages.status,
        messages.message_date
    from {{ ref('stg_messages') }} as messages
    inner join as_of on messages.message_date <= as_of.as_of_date
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
