{#- A message counts once, on the day it first shows; for messages without a number,
    being sent and being delivered on one day is one contact. What bounced did not arrive, unless
    a later try did. -#}
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
    select
        customer_id,
        channel,
        campaign,
        min(case when status not in ('unsubscribed', 'bounced') then message_date end)
            as contact_date
    from messages
    where message_id is not null
    group by message_id, customer_id, channel, campaign
    having
        count(*) filter (where status not in ('sent', 'unsubscribed', 'bounced')) > 0
        or (
            count(*) filter (where status = 'sent') > 0
            and count(*) filter (where status = 'bounced') = 0
        )
    union all
    select distinct customer_id, channel, campaign, message_date as contact_date
    from messages
    where message_id is null and status in ('sent', 'delivered')
)

select * from contacts
