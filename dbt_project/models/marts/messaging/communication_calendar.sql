{%- set channels = ['email', 'sms', 'push', 'messenger'] -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

contacts as (
    select
        customer_id,
        min(contact_date) as first_contact,
        {%- for channel in channels %}
        min(case when channel = '{{ channel }}' then contact_date end)
            as first_contact_{{ channel }},
        max(case when channel = '{{ channel }}' then contact_date end)
            as last_contact_{{ channel }},
        {%- endfor %}
        max(contact_date) as last_contact
    from {{ ref('customer_contacts') }}
    group by customer_id
),

orders as (
    select customer_id, last_order_date as last_order from {{ ref('customer_orders') }}
    where last_order_date is not null
),

-- what runs on as_of_date: up for renewal, or at its end, whichever comes first
renewals as (
    select
        renewals.customer_id,
        min(least(renewals.renewal_date, renewals.end_date)) as next_renewal
    from {{ ref('subscription_renewals') }} as renewals
    inner join as_of
        on
            renewals.renewal_date > as_of.as_of_date
            and (renewals.end_date > as_of.as_of_date or renewals.end_date is null)
    group by renewals.customer_id
),

consents as (
    select
        consents.customer_id,
        {%- for channel in channels %}
        max(case when consents.channel = '{{ channel }}' then 1 else 0 end) as has_{{ channel }},
        {%- endfor %}
        count(*) as channels
    from {{ ref('customer_consents') }} as consents
    inner join as_of
        on consents.valid_from <= as_of.as_of_date and consents.valid_to > as_of.as_of_date
    group by consents.customer_id
),

customers as (
    {%- for step in ['contacts', 'orders', 'renewals', 'consents'] %}
    {{ 'union' if not loop.first }}
    select customer_id from {{ step }}
    {%- endfor %}
),

communication_calendar as (
    select
        customers.customer_id,
        {%- for channel in channels %}
        coalesce(consents.has_{{ channel }} = 1, false) as consent_{{ channel }},
        {%- endfor %}
        {{ day_diff('as_of.as_of_date', 'renewals.next_renewal') }} as days_until_renewal,
        contacts.first_contact,
        contacts.last_contact,
        {%- for channel in channels %}
        contacts.first_contact_{{ channel }},
        contacts.last_contact_{{ channel }},
        {%- endfor %}
        orders.last_order,
        renewals.next_renewal
    from customers
    cross join as_of
    left join contacts on customers.customer_id = contacts.customer_id
    left join orders on customers.customer_id = orders.customer_id
    left join renewals on customers.customer_id = renewals.customer_id
    left join consents on customers.customer_id = consents.customer_id
)

select * from communication_calendar
