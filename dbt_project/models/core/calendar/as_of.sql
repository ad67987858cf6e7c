{#- The setting is true, false or auto; the settings of a shop come as they are written in YAML. -#}
{%- set steps_back = var('last_day_is_partial') | lower == 'true' -%}
{%- set watches = var('last_day_is_partial') | lower == 'auto' -%}
with {% for export, moment, day, staged in [
    ('orders', 'ordered_at', 'order_date', 'stg_order_rows'),
    ('sessions', 'started_at', 'session_date', 'stg_session_rows'),
    ('events', 'occurred_at', 'event_date', 'stg_event_rows'),
] -%}
{{ export }} as (
    select
        '{{ export }}' as export,
        {{ day }} as activity_date,
        _delivered_at,
        max({{ moment }}) as last_at
    from {{ ref(staged) }}
    where row_status = 'used'
    group by {{ day }}, _delivered_at
),

{% endfor -%}
moments as (
    select * from orders
    union all
    select * from sessions
    union all
    select * from events
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

-- when a day's last row came, in seconds since the day began
day_ends as (
    select
        export,
        activity_date,
        {{ second_diff('cast(activity_date as timestamp)', business_time('max(last_at)')) }}
            as last_second,
        max(activity_date) over (partition by export) as last_date
    from moments
    where activity_date <= _delivered_at
    group by export, activity_date
),

-- the newest day of an export is not over if its last row came long before that of any day of the
-- two weeks before it; a few days are no habit, and dates without times end no day
newest_days as (
    select
        export,
        last_date,
        max(case when activity_date = last_date then last_second end) as last_second,
        min(case when activity_date < last_date then last_second end) as earliest_second,
        count(*) as days
    from day_ends
    where activity_date >= {{ add_days('last_date', -14) }}
    group by export, last_date
),

partial_days as (
    select distinct last_date from newest_days
    where
        {{ watches | lower }}
        and days > {{ var('partial_day_min_days') }}
        and last_second < earliest_second - 3600 * {{ var('partial_day_hours') }}
),

bounded as (
    select
        {% if var('as_of_date') -%}
        date '{{ var("as_of_date") }}'
        {%- else -%}
        {{ add_days('last_date', -1 if steps_back else 0) }}
        {%- endif %} as as_of_date,
        least(first_moment_date, coalesce(first_happening_date, first_moment_date)) as first_date,
        {% if var('history_starts_on') -%}
        date '{{ var("history_starts_on") }}'
        {%- else -%}
        first_moment_date
        {%- endif %} as history_starts_on
    from bounds
),

as_of as (
    select
        bounded.*,
        partial_days.last_date is not null as last_day_is_partial
    from bounded
    left join partial_days on bounded.as_of_date = partial_days.last_date
)

select * from as_of
