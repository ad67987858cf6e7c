{#- A renewal within grace_days continues the episode; so does a period that begins while another
    one runs. -#}
with as_of as (
    select * from {{ ref('as_of') }}
),

periods as (
    select
        subscriptions.subscription_id,
        subscriptions.customer_id,
        subscriptions.start_date,
        coalesce(subscriptions.end_date, date '2999-12-31') as end_date
    from {{ ref('stg_subscriptions') }} as subscriptions
    inner join as_of on subscriptions.start_date <= as_of.as_of_date
    where
        subscriptions.mrr > 0
        and (subscriptions.end_date > subscriptions.start_date or subscriptions.end_date is null)
),

covered as (
    select
        *,
        max(end_date) over (
            partition by customer_id order by start_date, subscription_id
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from periods
),

numbered as (
    select
        *,
        sum(
            case
                when {{ day_diff('covered_until', 'start_date') }} <= {{ var('grace_days') }}
                    then 0
                else 1
            end
        ) over (
            partition by customer_id order by start_date, subscription_id rows unbounded preceding
        ) as episode_number
    from covered
),

episodes as (
    select
        customer_id,
        cast(episode_number as int) as episode_number,
        min(start_date) as start_date,
        nullif(max(end_date), date '2999-12-31') as end_date
    from numbered
    group by customer_id, episode_number
)

select * from episodes
