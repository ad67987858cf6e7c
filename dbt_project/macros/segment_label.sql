{# A segment in one word: 'all', or name=value. #}
{% macro segment_label() -%}
case when segment_name = 'all' then 'all' else segment_name || '=' || segment_value end
{%- endmacro %}
