{#- Whatever decides an entry is known on its day: the orders up to the last one before it. -#}
{%- set after_days = var('churn_after_days') -%}
with days as (
    select
        customer_id,
        activity_date,
        row_number() over (partition by customer_id order by activity_date) as order_days,
        min(activity_date) over (partition by customer_id) as first_date,
        lead(activity_date) over (partition by customer_id order by activity_date) as next_date
    from {{ ref('customer_activity_days') }}
    where activity = 'order'
),

-- the rule by which a customer is likely to lapse: a silence of lapse_factor times their usual gap
rhythms as (
    select
        customer_id,
        activity_date,
        next_date,
        {{ ratio(day_diff('first_date', 'activity_date'), 'order_days - 1') }} as usual_gap
    from days
    where order_days >= {{ var('lapse_min_orders') }}
),

lapsing as (
    select
        customer_id,
        'no order for more than {{ var("lapse_factor") }} times the usual '
        || cast(cast(floor(usual_gap + 0.5e0) as int) as string) || ' days' as reason,
        {{ add_days(
            'activity_date', 'floor(' ~ var('lapse_factor') ~ ' * usual_gap) + 1'
        ) }} as entered_on,
        least({{ add_days('activity_date', after_days) }}, next_date) as left_on
    from rhythms
),

lapsed as (
    select
        customer_id,
        'no order for {{ after_days }} days' as reason,
        {{ add_days('activity_date', after_days) }} as entered_on,
        least({{ add_days('activity_date', var('win_back_days') + 1) }}, next_date) as left_on
    from days
),

episodes as (
    select 'likely_to_lapse' as audience, customer_id, reason, entered_on, left_on
    from lapsing
    where entered_on < left_on
    union all
    select 'win_back' as audience, customer_id, reason, entered_on, left_on
    from lapsed
    where entered_on < left_on
)

select * from episodes
