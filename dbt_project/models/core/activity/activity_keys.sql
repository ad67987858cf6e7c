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

{% if is_incremental() -%}
given as (
    select coalesce(max(activity_key), -1) as last_key from {{ this }}
),

unnumbered as (
    select activities.activity
    from activities
    left join {{ this }} as known on activities.activity = known.activity
    where activities.activity is not null and known.activity is null
),
{%- else -%}
given as (
    select -1 as last_key
),

unnumbered as (
    select activity from activities
    where activity is not null
),
{%- endif %}

numbered as (
    select
        unnumbered.activity,
        cast(given.last_key + row_number() over (
            order by
                case when unnumbered.activity = 'any' then 0 else 1 end,
                unnumbered.activity
        ) as int) as activity_key
    from unnumbered
    cross join given
)

select * from numbered
