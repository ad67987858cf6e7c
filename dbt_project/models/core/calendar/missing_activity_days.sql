{#- What an activity is read from: a day missing there is missing in the activity. -#}
with missing as (
    select
        export,
        missing_date
    from {{ source('ledger', 'missing_days') }}
),

activities as (
    select activity from {{ ref('activity_keys') }}
    where activity_key in (select days.activity_key from {{ ref('activity_days') }} as days)
),

fed as (
    select
        activity,
        case
            when activity = 'order' then 'orders'
            when activity = 'session'
                then '{{ "sessions" if var("sessions_mapped") else "events" }}'
            when activity = 'signed_up' then 'customers'
            when activity = 'message_clicked' then 'messages'
            when activity = 'subscribed' then 'subscriptions'
            else 'events'
        end as export
    from activities
    where activity <> 'any'
),

-- "any" lacks what any of its activities lacks
with_any as (
    select * from fed
    union all
    select distinct
        'any' as activity,
        export
    from fed
),

days as (
    select
        with_any.activity,
        missing.export,
        missing.missing_date
    from with_any
    inner join missing on with_any.export = missing.export
)

select * from days
