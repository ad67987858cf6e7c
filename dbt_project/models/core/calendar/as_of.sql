with moments as (
    select order_date as activity_date from {{ ref('stg_order_rows') }}
    where row_status = 'used'
    union all
    select session_date as activity_date from {{ ref('stg_sessions') }}
    union all
    select event_date as activity_date from {{ ref('stg_events') }}
),

sign_ups as (
    select {{ business_date('signed_up_at') }} as activity_date from {{ ref('stg_customers') }}
    where signed_up_at >= timestamp '1990-01-01 00:00:00'
),

-- what other exports say about the past; ends, renewals and plans for the future do not count
happenings as (
    select activity_date from sign_ups
    {%- for told in exports().values() if told.tells_as_of %}
    union all
    select {{ told.day }} as activity_date from {{ ref(told.staged) }}
    where row_status = 'used'
    {%- endfor %}
),

-- for a shop that has nothing else
refunds as (
    select refund_date as activity_date from {{ ref('stg_refund_rows') }}
    where row_status = 'used'
),

-- each step counts only where those before it find nothing
spans as (
    {%- for step in ['moments', 'happenings', 'refunds'] %}
    {{ 'union all' if not loop.first }}
    select
        {{ loop.index }} as step,
        min(activity_date) as first_date,
        max(activity_date) as last_date
    from {{ step }}
    {%- endfor %}
),

bounds as (
    select
        min_by(last_date, step) filter (where last_date is not null) as last_date,
        min_by(first_date, step) filter (where first_date is not null) as first_moment_date,
        min(case when step = 2 then first_date end) as first_happening_date
    from spans
),

as_of as (
    select
        {% if var('as_of_date') -%}
        date '{{ var("as_of_date") }}'
        {%- else -%}
        {{ add_days('last_date', -1 if var('last_day_is_partial') else 0) }}
        {%- endif %} as as_of_date,
        least(first_moment_date, coalesce(first_happening_date, first_moment_date)) as first_date,
        {% if var('history_starts_on') -%}
        date '{{ var("history_starts_on") }}'
        {%- else -%}
        first_moment_date
        {%- endif %} as history_starts_on
    from bounds
)

select * from as_of
