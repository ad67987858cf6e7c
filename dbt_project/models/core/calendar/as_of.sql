with moments as (
    {{ told_days('order_date', 'stg_order_rows') }}
    union all
    {{ told_days('session_date', 'stg_session_rows') }}
    union all
    {{ told_days('event_date', 'stg_event_rows') }}
),

sign_ups as (
    {{ told_days(business_date('signed_up_at'), 'stg_customer_rows') }}
),

-- what other exports say about the past; ends, renewals and plans for the future do not count
happenings as (
    select activity_date, _delivered_at from sign_ups
    where activity_date >= date '1990-01-01'
    {%- for told in exports().values() if told.tells_as_of %}
    union all
    {{ told_days(told.day, told.staged) }}
    {%- endfor %}
),

-- for a shop that has nothing else
refunds as (
    {{ told_days('refund_date', 'stg_refund_rows') }}
),

-- each step counts only where those before it find nothing; what is dated later than it was
-- delivered is known, but moves no clock beyond its delivery, and that only if all is so dated
spans as (
    {%- for step in ['moments', 'happenings', 'refunds'] %}
    {{ 'union all' if not loop.first }}
    select
        {{ loop.index }} as step,
        min(activity_date) as first_date,
        max(activity_date) as last_date
    from {{ step }}
    where activity_date <= _delivered_at
    union all
    select
        {{ loop.index + 3 }} as step,
        min(_delivered_at) as first_date,
        max(_delivered_at) as last_date
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
