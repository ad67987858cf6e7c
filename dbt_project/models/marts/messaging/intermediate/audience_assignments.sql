{#- Both arms start on the same kind of day: the first on which a customer belonged to the audience
    while its campaign ran. -#}
{%- set days = var('audience_outcome_days') -%}
with as_of as (
    select * from {{ ref('as_of') }}
),

campaigns as (
    {%- for audience, outcome in audiences().items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ audience }}' as audience,
        '{{ outcome }}' as outcome,
        min(contact_date) as started_on,
        max(contact_date) as ended_on
    from {{ ref('customer_contacts') }}
    where campaign = '{{ audience }}'
    {%- endfor %}
),

assigned as (
    select
        campaigns.audience,
        campaigns.outcome,
        episodes.customer_id,
        min(greatest(episodes.entered_on, campaigns.started_on)) as assigned_on
    from campaigns
    inner join {{ ref('audience_episodes') }} as episodes
        on
            campaigns.audience = episodes.audience
            and campaigns.started_on < episodes.left_on
            and campaigns.ended_on >= episodes.entered_on
    group by campaigns.audience, campaigns.outcome, episodes.customer_id
),

-- those who could have been written to on that day, and whose actions since then are known
reachable as (
    select distinct
        assigned.audience,
        assigned.outcome,
        assigned.customer_id,
        assigned.assigned_on
    from assigned
    inner join {{ ref('customer_consents') }} as consents
        on
            assigned.customer_id = consents.customer_id
            and assigned.assigned_on >= consents.valid_from
            and assigned.assigned_on < consents.valid_to
    where {{ channel_rank('consents.channel') }} is not null
),

observed as (
    select
        reachable.audience,
        reachable.customer_id,
        reachable.outcome,
        {{ is_held_out('reachable.audience', 'reachable.customer_id') }} as is_holdout,
        reachable.assigned_on,
        {{ add_days('reachable.assigned_on', days) }} as observed_to
    from reachable
    inner join as_of on {{ add_days('reachable.assigned_on', days) }} <= as_of.as_of_date
)

select * from observed
