{# The bucket of a customer: what moved is summed again by day and bucket. #}
{% macro bucket_of(customer_id) -%}
cast({{ hash_number(customer_id) }} % {{ var('activity_buckets') }} as int)
{%- endmacro %}

{# Days of which nothing is left have no new rows to replace the old ones. #}
{% macro forget_vanished_days() -%}
{%- if is_incremental() -%}
delete from {{ this }}
where not exists (
    select 1 from {{ ref('activity_digests') }} as digests
    where
        digests.activity_date = {{ this }}.activity_date
        and digests.customer_bucket = {{ this }}.customer_bucket
)
{%- endif -%}
{%- endmacro %}

{# Days whose digest is not the one they were built with; `any` has them all. #}
{% macro moved_days() -%}
select
        digests.activity_date,
        digests.customer_bucket
    from {{ ref('activity_digests') }} as digests
    left join (
        select distinct activity_date, customer_bucket, digest
        from {{ this }}
        where activity = 'any'
    ) as built
        on
            digests.activity_date = built.activity_date
            and digests.customer_bucket = built.customer_bucket
            and digests.digest = built.digest
    where built.digest is null
{%- endmacro %}

{# Bounds of the moments that can lie on these days, whatever the time zone. Written as constants,
   since an engine's statistics on stored timestamps then spare it most of the reading. #}
{% macro moments_of_moved_days() -%}
{%- set bounds = 'select min(activity_date), max(activity_date) from' -%}
{%- set found = run_query(bounds ~ ' (' ~ moved_days() ~ ') as moved').rows[0]
    if execute else [none, none] -%}
{%- if found[0] is none -%}
occurred_at is null
{%- else -%}
occurred_at >= {{ add_days("date '" ~ found[0] ~ "'", -1) }}
        and occurred_at < {{ add_days("date '" ~ found[1] ~ "'", 2) }}
{%- endif -%}
{%- endmacro %}

{# What a customer's periods were built with: the digest of each day, and how weeks are cut. #}
{% macro built_with(digest) %}{{ digest }} || ' {{ var("week_starts_on") }}'{% endmacro %}

{# Customers with a day that has changed since their periods were built, or is gone. #}
{% macro forget_moved_customers() -%}
{%- if is_incremental() -%}
{%- set day_index = day_number('activity_date') -%}
{%- set is_day = "periods.period = 'day' and periods.activity = 'any'" -%}
delete from {{ this }}
where customer_id in (
    with present as (
        select
            {{ day_index }} as day_index, customer_bucket,
            {{ built_with('digest') }} as built_with
        from {{ ref('activity_digests') }}
    ),

    built as (
        select distinct
            periods.period_index as day_index,
            {{ bucket_of('periods.customer_id') }} as customer_bucket,
            periods.built_with
        from {{ this }} as periods
        where {{ is_day }}
    ),

    moved as (
        (select * from present except select * from built)
        union
        (select * from built except select * from present)
    )

    select days.customer_id
    from {{ ref('customer_activity_days') }} as days
    inner join moved
        on
            {{ day_number('days.activity_date') }} = moved.day_index
            and days.customer_bucket = moved.customer_bucket
    where days.activity = 'any'
    union
    select periods.customer_id
    from {{ this }} as periods
    inner join moved
        on
            periods.period_index = moved.day_index
            and {{ bucket_of('periods.customer_id') }} = moved.customer_bucket
    where {{ is_day }}
)
{%- endif -%}
{%- endmacro %}

{# The period before this one and the one after it, among those that `whose` groups together. #}
{% macro neighbouring_periods(whose) -%}
lag(period_index) over (partition by {{ whose }} order by period_index) as previous_index,
        lead(period_index) over (partition by {{ whose }} order by period_index) as next_index
{%- endmacro %}
