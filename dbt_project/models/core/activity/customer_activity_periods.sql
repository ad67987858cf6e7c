-- depends_on: {{ ref('activity_digests') }}
{#- The periods before and after are found here, once for all who need the length of a silence.
    Customers with a changed day are removed first; whoever is missing is then added. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_moved_customers() }}",
) }}

with {% if is_incremental() -%}
built as (
    select customer_id from {{ this }}
    where period = 'day' and activity = 'any'
),

days as (
    select * from {{ ref('customer_activity_days') }}
    where customer_id not in (select built.customer_id from built)
),
{%- else -%}
days as (
    select * from {{ ref('customer_activity_days') }}
),
{%- endif %}

cut_by_day as (
    select
        customer_id,
        activity,
        {{ day_number('activity_date') }} as period_index,
        case when activity = 'any' then {{ built_with('digest') }} end as built_with,
        1 as days_active,
        occurrences,
        revenue
    from days
),

{% for period, index in [
    ('week', week_number(week_start('activity_date'))), ('month', month_number('activity_date')),
] -%}
cut_by_{{ period }} as (
    select
        customer_id,
        activity,
        {{ index }} as period_index,
        cast(null as string) as built_with,
        count(*) as days_active,
        sum(occurrences) as occurrences,
        sum(revenue) as revenue
    from days
    group by customer_id, activity, {{ index }}
),

{% endfor -%}
-- neighbours are looked for in one kind of period after the other: in all at once, an engine
-- would have to hold them all
customer_activity_periods as (
    {%- for period in ['day', 'week', 'month'] %}
    select
        customer_id,
        activity,
        '{{ period }}' as period,
        period_index,
        {{ neighbouring_periods('customer_id, activity') }},
        built_with,
        cast(days_active as int) as days_active,
        cast(occurrences as bigint) as occurrences,
        {{ money('revenue') }} as revenue
    from cut_by_{{ period }}
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
)

select * from customer_activity_periods
