{#- In by a signal, for audience_window_days after each; out for good by doing what the
    message asks. -#}
{%- set rules = {
    'viewed_not_favourited': ('viewed', 'favourited', 'viewed a product and never favourited one'),
    'favourited_without_app': ('favourited', 'app', 'favourited a product and never used the app'),
    'mobile_web_without_app': ('mobile_web', 'app', 'came by mobile web and never used the app'),
} -%}
{%- set window_days = var('audience_window_days') -%}
with signs as (
    select * from {{ ref('audience_signals') }}
),

rules as (
    {%- for audience, (sign, goal, reason) in rules.items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ audience }}' as audience,
        '{{ sign }}' as sign,
        '{{ goal }}' as goal,
        '{{ reason }}' as reason
    {%- endfor %}
),

reached as (
    select customer_id, sign, min(sign_date) as reached_on
    from signs
    group by customer_id, sign
),

days as (
    select
        rules.audience,
        rules.reason,
        signs.customer_id,
        signs.sign_date,
        reached.reached_on,
        lag(signs.sign_date) over (
            partition by rules.audience, signs.customer_id order by signs.sign_date
        ) as previous_date
    from signs
    inner join rules on signs.sign = rules.sign
    left join reached on signs.customer_id = reached.customer_id and rules.goal = reached.sign
    where reached.reached_on is null or signs.sign_date < reached.reached_on
),

numbered as (
    select
        *,
        sum(
            case
                when {{ day_diff('previous_date', 'sign_date') }} <= {{ window_days }} then 0
                else 1
            end
        ) over (
            partition by audience, customer_id order by sign_date rows unbounded preceding
        ) as episode_number
    from days
),

episodes as (
    select
        audience,
        customer_id,
        reason,
        min(sign_date) as entered_on,
        least({{ add_days('max(sign_date)', window_days + 1) }}, min(reached_on)) as left_on
    from numbered
    group by audience, customer_id, reason, episode_number
)

select * from episodes
