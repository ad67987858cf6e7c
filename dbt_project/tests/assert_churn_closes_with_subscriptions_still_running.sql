-- A row is a complete month whose closing customers of base subscription are not those whose
-- paid subscriptions run on after its last day, or ended no more than grace_days before.
{{ config(meta={'dagster': {'ref': {'name': 'monthly_churn'}}}) }}

with months as (
    select
        month,
        closing_customers,
        cast(last_day(month) as date) as month_end
    from {{ ref('monthly_churn') }}
    where is_complete and base = 'subscription'
),

recounted as (
    select
        months.month,
        months.closing_customers,
        count(distinct episodes.customer_id) as running_customers
    from months
    left join {{ ref('subscription_episodes') }} as episodes
        on
            months.month_end >= episodes.start_date
            and (
                episodes.end_date is null
                or {{ add_days('episodes.end_date', var('grace_days')) }} > months.month_end
            )
    group by months.month, months.closing_customers
)

select * from recounted
where closing_customers <> running_customers
