{# For every export: what its table's `meta` in _sources.yml tells models, as `warehouse/project.py`
   hands it on. What a model refers to has to be known while dbt parses, before it sees any yml. #}
{% macro exports() %}{{ return(var('exports')) }}{% endmacro %}

{# One of several exports, in words; and of several such lists. #}
{% macro one_of(exports) -%}
{{ (exports[:-1] | join(', ') ~ ' or ' if exports | length > 1 else '') ~ exports[-1] }}
{%- endmacro %}
{% macro one_of_each(lists) -%}
{%- for exports in lists %}{{ '; ' if not loop.first }}{{ one_of(exports) }}{% endfor -%}
{%- endmacro %}
