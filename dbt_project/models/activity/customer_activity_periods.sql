{#- The periods before and after are found here, once for all who ask how long a silence was. -#}
with days as (
    select * from {{ ref('customer_activity_days') }}
),

cut as (
    select
        customer_id,
        activity,
        'day' as period,
        {{ day_number('activity_date') }} as period_index,
        1 as days_active,
        occurrences,
        revenue
    from days
    union all
    select
        customer_id,
        activity,
        'week' as period,
        {{ week_number(week_start('activity_date')) }} as period_index,
        count(*) as days_active,
        sum(occurrences) as occurrences,
        sum(revenue) as revenue
    from days
    group by customer_id, activity, {{ week_number(week_start('activity_date')) }}
    union all
    select
        customer_id,
        activity,
        'month' as period,
        {{ month_number('activity_date') }} as period_index,
        count(*) as days_active,
        sum(occurrences) as occurrences,
        sum(revenue) as revenue
    from days
    group by customer_id, activity, {{ month_number('activity_date') }}
),

customer_activity_periods as (
    select
        customer_id,
        activity,
        period,
        period_index,
        {{ neighbouring_periods() }},
        cast(days_active as int) as days_active,
        cast(occurrences as bigint) as occurrences,
        {{ money('revenue') }} as revenue
    from cut
)

select * from customer_activity_periods
