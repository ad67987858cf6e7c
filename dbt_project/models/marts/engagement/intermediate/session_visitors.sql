{%- set visitor = 'customer_id, case when customer_id is null then anonymous_id end' -%}
with sessions as (
    select *, {{ month_start('session_date') }} as month from {{ ref('session_orders') }}
),

cut as (
    select *, 'all' as segment_name, 'all' as segment_value from sessions
    {%- for segment in ['source', 'device'] %}
    union all
    select *, '{{ segment }}' as segment_name, coalesce({{ segment }}, 'unknown') as segment_value
    from sessions
    {%- endfor %}
),

visitors as (
    select
        {{ visitor }} as anonymous_id,
        segment_name,
        segment_value,
        count(*) as sessions,
        count(*) filter (where orders > 0) as converted_sessions,
        sum(orders) as orders,
        month
    from cut
    group by {{ visitor }}, segment_name, segment_value, month
)

select * from visitors
