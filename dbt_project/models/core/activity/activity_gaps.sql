-- depends_on: {{ ref('activity_digests') }}
{#- The days before and after are found here, once for all who need the length of a silence; a week
    or a month begins on a day before which there was none in it. Customers with a changed day are
    removed first; whoever is missing is then added. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_moved_customers() }}",
) }}

with {% if is_incremental() -%}
built as (
    select customer_key from {{ this }}
    where activity_key = 0
),

days as (
    select * from {{ ref('activity_days') }}
    where customer_key not in (select built.customer_key from built)
),
{%- else -%}
days as (
    select * from {{ ref('activity_days') }}
),
{%- endif %}

numbered as (
    select
        *,
        {{ series_key() }} as series_key,
        {{ day_number('activity_date') }} as day_index
    from days
),

activity_gaps as (
    select
        customer_key,
        activity_key,
        customer_bucket,
        case when activity_key = 0 then digest end as digest,
        day_index,
        {{ neighbouring_days('series_key') }}
    from numbered
)

select * from activity_gaps
