with as_of as (
    select * from {{ ref('as_of') }}
),

renewals_due as (
    select
        customer_id,
        'a subscription renews within {{ var("renewal_due_days") }} days' as reason,
        {{ add_days('renewal_date', -var('renewal_due_days')) }} as entered_on,
        least(renewal_date, end_date) as left_on
    from {{ ref('subscription_renewals') }}
    where
        billing_months >= {{ var('renewal_min_months') }}
        and coalesce(end_date > {{ add_days('renewal_date', -var('renewal_due_days')) }}, true)
),

unsubscribed as (
    select
        customer_id,
        'unsubscribed from e-mail, another channel is open' as reason,
        min(message_date) as entered_on,
        date '9999-12-31' as left_on
    from {{ ref('stg_messages') }}
    where status = 'unsubscribed' and channel = 'email'
    group by customer_id
),

invited as (
    select referrer_id, min(invitation_date) as invited_on
    from {{ ref('stg_referrals') }}
    group by referrer_id
),

answers as (
    select
        customer_id,
        max_by(score, answered_at) as score,
        answer_date,
        lead(answer_date) over (partition by customer_id order by answer_date) as next_date
    from {{ ref('stg_surveys') }}
    group by customer_id, answer_date
),

promoters as (
    select
        answers.customer_id,
        'answered ' || cast(answers.score as string) || ' of 10, has invited nobody yet' as reason,
        answers.answer_date as entered_on,
        least(
            {{ add_days('answers.answer_date', var('promoter_days') + 1) }},
            answers.next_date,
            invited.invited_on
        ) as left_on
    from answers
    left join invited on answers.customer_id = invited.referrer_id
    where answers.score >= 9
),

episodes as (
    select * from {{ ref('behaviour_episodes') }}
    union all
    select * from {{ ref('order_episodes') }}
    {%- for audience, step in [
        ('renewal_due', 'renewals_due'),
        ('unsubscribed_from_email', 'unsubscribed'),
        ('promoters', 'promoters'),
    ] %}
    union all
    select '{{ audience }}' as audience, * from {{ step }}
    {%- endfor %}
),

begun as (
    select episodes.*
    from episodes
    inner join as_of on episodes.entered_on <= as_of.as_of_date
    where episodes.entered_on < episodes.left_on
)

select * from begun
