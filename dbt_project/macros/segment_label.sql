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
        on {{ relation }}.customer_id = segments.customer_id
    where segments.segment_name <> 'all'
{%- endmacro %}
