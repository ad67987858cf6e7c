with moments as (
    select order_date as activity_date from {{ ref('stg_orders') }}
    union all
    select session_date as activity_date from {{ ref('stg_sessions') }}
    union all
    select event_date as activity_date from {{ ref('stg_events') }}
),

profiles as (
    select {{ business_date('signed_up_at') }} as activity_date from {{ ref('stg_customers') }}
    where signed_up_at >= timestamp '1990-01-01 00:00:00'
),

bounds as (
    select
        coalesce(
            (select max(activity_date) from moments), (select max(activity_date) from profiles)
        ) as last_date,
        least(
            coalesce(
                (select min(activity_date) from moments), (select min(activity_date) from profiles)
            ),
            coalesce(
                (select min(activity_date) from profiles), (select min(activity_date) from moments)
            )
        ) as first_date,
        (select min(activity_date) from moments) as first_moment_date
),

as_of as (
    select
        {% if var('as_of_date') -%}
        date '{{ var("as_of_date") }}'
        {%- else -%}
        {{ add_days('last_date', -1 if var('last_day_is_partial') else 0) }}
        {%- endif %} as as_of_date,
        first_date,
        {% if var('history_starts_on') -%}
        date '{{ var("history_starts_on") }}'
        {%- else -%}
        coalesce(first_moment_date, first_date)
        {%- endif %} as history_starts_on
    from bounds
)

select * from as_of
