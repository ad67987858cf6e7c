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

-- what other exports tell of the past; ends, renewals and plans for the future do not count
happenings as (
    select activity_date from sign_ups
    {%- for model, date in [
        ('stg_message_rows', 'message_date'),
        ('stg_marketing_spend_rows', 'spend_date'),
        ('stg_survey_rows', 'answer_date'),
        ('stg_loyalty_point_rows', 'movement_date'),
        ('stg_referral_rows', 'invitation_date'),
        ('stg_coupon_rows', 'redemption_date'),
        ('stg_subscription_rows', 'start_date'),
    ] %}
    union all
    select {{ date }} as activity_date from {{ ref(model) }}
    where row_status = 'used'
    {%- endfor %}
),

-- of a shop that tells of nothing else
refunds as (
    select refund_date as activity_date from {{ ref('stg_refund_rows') }}
    where row_status = 'used'
),

bounds as (
    select
        {%- for bound, name in [('max', 'last_date'), ('min', 'first_moment_date')] %}
        coalesce(
            {%- for step in ['moments', 'happenings', 'refunds'] %}
            (select {{ bound }}(activity_date) from {{ step }}){{ ',' if not loop.last }}
            {%- endfor %}
        ) as {{ name }},
        {%- endfor %}
        (select min(activity_date) from happenings) as first_happening_date
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
