{#- Only days and buckets of customers whose digest moved are summed again, whatever moved it: late
    rows, a refund, a login, a merge. What is gone from the exports is gone here too. -#}
{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['activity_date', 'customer_bucket'],
    on_schema_change='fail',
    pre_hook="{{ forget_vanished_days() }}",
) }}

with digests as (
    select * from {{ ref('activity_digests') }}
),

{% if is_incremental() -%}
moved as (
    {{ moved_days() }}
),

facts as (
    select facts.*
    from {{ ref('activity_facts') }} as facts
    inner join moved
        on
            facts.activity_date = moved.activity_date
            and facts.customer_bucket = moved.customer_bucket
),
{%- else -%}
facts as (
    select * from {{ ref('activity_facts') }}
),
{%- endif %}

activities as (
    select
        customer_key, activity_key, customer_bucket, activity_date,
        sum(occurrences) as occurrences, sum(revenue) as revenue
    from facts
    group by customer_key, activity_key, customer_bucket, activity_date
),

with_any as (
    select * from activities
    union all
    select
        customer_key, 0 as activity_key, customer_bucket, activity_date,
        sum(occurrences) as occurrences, sum(revenue) as revenue
    from activities
    group by customer_key, customer_bucket, activity_date
),

activity_days as (
    select
        with_any.customer_key,
        with_any.activity_key,
        with_any.customer_bucket,
        digests.digest,
        cast(with_any.occurrences as bigint) as occurrences,
        {{ money('with_any.revenue') }} as revenue,
        with_any.activity_date
    from with_any
    inner join digests
        on
            with_any.activity_date = digests.activity_date
            and with_any.customer_bucket = digests.customer_bucket
)

select * from activity_days
