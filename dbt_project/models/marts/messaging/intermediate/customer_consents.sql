{#- Whoever unsubscribes from a channel has left it for good: exports do not tell a later yes from
    an old one that nobody took back. -#}
{%- set channels = ['email', 'sms', 'push', 'messenger'] -%}
with messages as (
    {{ up_to_as_of('stg_messages', 'message_date') }}
),

customers as (
    select customer_id from {{ ref('audience_episodes') }}
    union
    select customer_id from {{ ref('customer_contacts') }}
    union
    select customer_id from {{ ref('customer_profile_history') }}
),

unsubscribed as (
    select
        customer_id,
        {{ consent_channel('channel') }} as channel,
        min(message_date) as left_on
    from messages
    where status = 'unsubscribed'
    group by customer_id, {{ consent_channel('channel') }}
),

told as (
    {%- for channel in channels %}
    {{ 'union all' if not loop.first }}
    select
        customers.customer_id,
        '{{ channel }}' as channel,
        coalesce(history.consent_{{ channel }}, {{ var('assume_consent') }}) as is_consented,
        coalesce(history.valid_from, date '1900-01-01') as valid_from,
        coalesce(history.valid_to, date '9999-12-31') as valid_to
    from customers
    left join {{ ref('customer_profile_history') }} as history
        on customers.customer_id = history.customer_id
    {%- endfor %}
),

consents as (
    select
        told.customer_id,
        told.channel,
        told.valid_from,
        least(told.valid_to, coalesce(unsubscribed.left_on, told.valid_to)) as valid_to
    from told
    left join unsubscribed
        on told.customer_id = unsubscribed.customer_id and told.channel = unsubscribed.channel
    where
        told.is_consented
        and (unsubscribed.left_on is null or told.valid_from < unsubscribed.left_on)
)

select * from consents
