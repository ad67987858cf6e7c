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
        where activity_key = 0
    ) as built
        on
            digests.activity_date = built.activity_date
            and digests.customer_bucket = built.customer_bucket
            and digests.digest = built.digest
    where built.digest is null
{%- endmacro %}

{# A customer and an activity in one number: the cheapest to partition by. #}
{% macro series_key() %}cast(activity_key as bigint) * 4294967296 + customer_key{% endmacro %}

{# The day before this one and the one after it, among those that `whose` groups together. #}
{% macro neighbouring_days(whose) -%}
lag(day_index) over (partition by {{ whose }} order by day_index) as previous_index,
        lead(day_index) over (partition by {{ whose }} order by day_index) as next_index
{%- endmacro %}

{# The key of an activity among the recalled facts: as they are known now, or as they were then. #}
{% macro recalled_key(activity_key, known) -%}
{{ activity_key }} + {{ {'now': 1000000, 'then': 2000000}[known] }}
{%- endmacro %}
