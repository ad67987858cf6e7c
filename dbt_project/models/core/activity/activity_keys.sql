{#- Given once and kept, as those of customers are. `any` is 0 everywhere. -#}
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='fail') }}

with activities as (
    {%- for activity in ['any', 'order', 'session', 'signed_up', 'message_clicked', 'subscribed'] %}
    {{ 'union' if not loop.first }}
    select '{{ activity }}' as activity
    {%- endfor %}
    union
    select event_name as activity from {{ ref('stg_events') }}
),

{{ number_once(
    'activities', 'activity', 'activity_key', first=0,
    order="case when unnumbered.activity = 'any' then 0 else 1 end"
) }}

select * from numbered
