{# A segment in one word: 'all', or name=value. #}
{% macro segment_label() -%}
case when segment_name = 'all' then 'all' else segment_name || '=' || segment_value end
{%- endmacro %}

{# Customers' rows of a table: once for everybody together, which needs no lookup, and once for each
   of their segments. #}
{% macro in_segments(relation) -%}
select
        {{ relation }}.*,
        'all' as segment_name,
        'all' as segment_value
    from {{ ref(relation) }} as {{ relation }}
    union all
    select
        {{ relation }}.*,
        segments.segment_name,
        segments.segment_value
    from {{ ref(relation) }} as {{ relation }}
    inner join {{ ref('customer_segments') }} as segments
        on {{ relation }}.customer_key = segments.customer_key
    where segments.segment_name <> 'all'
{%- endmacro %}

{# What differs in case, blanks or Unicode form is one value, shown as most customers have it: of
   `named`, a row per customer with its segment_name and the value as `written`. #}
{% macro spelt_alike(named) -%}
written_values as (
    select
        segment_name,
        written,
        {{ folded('written') }} as folded,
        count(*) as customers
    from {{ named }}
    group by segment_name, written
),

spelt as (
    select
        *,
        first_value(written) over (
            partition by segment_name, folded order by customers desc, written asc
        ) as segment_value
    from written_values
)
{%- endmacro %}
