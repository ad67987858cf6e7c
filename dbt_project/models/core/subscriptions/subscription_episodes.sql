{#- A renewal within grace_days continues the episode; so does a period that begins while another
    one runs. -#}
with subscriptions as (
    {{ up_to_as_of('stg_subscriptions', 'start_date') }}
),

periods as (
    select
        subscription_id,
        customer_id,
        start_date,
        coalesce(end_date, date '2999-12-31') as end_date
    from subscriptions
    where mrr > 0 and (end_date > start_date or end_date is null)
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
