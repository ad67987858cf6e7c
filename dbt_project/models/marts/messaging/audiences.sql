with as_of as (
    select * from {{ ref('as_of') }}
),

current_episodes as (
    select
        episodes.*,
        as_of.as_of_date,
        row_number() over (
            partition by episodes.audience, episodes.customer_id
            order by episodes.entered_on asc, episodes.left_on desc, episodes.reason asc
        ) as episode_rank
    from {{ ref('audience_episodes') }} as episodes
    inner join as_of on episodes.left_on > as_of.as_of_date
),

contacts as (
    select
        contacts.customer_id,
        contacts.campaign,
        {{ day_diff('contacts.contact_date', 'as_of.as_of_date') }} as days_ago
    from {{ ref('customer_contacts') }} as contacts
    cross join as_of
),

capped as (
    select customer_id
    from contacts
    where days_ago < {{ var('message_cap_days') }}
    group by customer_id
    having count(*) >= {{ var('message_cap') }}
),

rested as (
    select distinct customer_id, campaign
    from contacts
    where days_ago < {{ var('audience_rest_days') }}
),

reachable as (
    select
        episodes.*,
        consents.channel,
        row_number() over (
            partition by episodes.audience, episodes.customer_id
            order by {{ channel_rank('consents.channel') }}
        ) as channel_rank
    from current_episodes as episodes
    inner join {{ ref('customer_consents') }} as consents
        on
            episodes.customer_id = consents.customer_id
            and episodes.as_of_date >= consents.valid_from
            and episodes.as_of_date < consents.valid_to
    where episodes.episode_rank = 1 and {{ channel_rank('consents.channel') }} is not null
),

audiences as (
    select
        reachable.audience,
        reachable.customer_id,
        reachable.reason || coalesce(case
            when reachable.audience = 'likely_to_lapse'
                then
                    '; still a customer with a probability of '
                    || cast(cast(round(100 * alive.probability_alive) as int) as string) || ' %'
        end, '') as reason,
        reachable.channel,
        cast(alive.probability_alive as double) as probability_alive,
        {{ is_held_out('reachable.audience', 'reachable.customer_id') }} as is_holdout,
        reachable.entered_on as since
    from reachable
    left join {{ ref('customer_predictions') }} as alive
        on reachable.customer_id = alive.customer_id
    left join capped on reachable.customer_id = capped.customer_id
    left join rested
        on reachable.customer_id = rested.customer_id and reachable.audience = rested.campaign
    where reachable.channel_rank = 1 and capped.customer_id is null and rested.customer_id is null
)

select * from audiences
