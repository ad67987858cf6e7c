{# The bucket of a customer: what moved is summed again by day and bucket. #}
{% macro bucket_of(customer_id) -%}
cast({{ hash_number(customer_id) }} % {{ var('activity_buckets') }} as int)
{%- endmacro %}

{# Days of which nothing is left have no new rows to take the place of the old ones. #}
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

{# The same customer's period with the same activity before this one, and the one after it. #}
{% macro neighbouring_periods() -%}
lag(period_index) over (partition by customer_id, activity, period order by period_index)
            as previous_index,
        lead(period_index) over (partition by customer_id, activity, period order by period_index)
            as next_index
{%- endmacro %}
