{# Of every export: what its table's `meta` in _sources.yml tells models, as `warehouse/project.py`
   hands it on. What a model refers to has to be known when dbt parses, which sees no yml yet. #}
{% macro exports() %}{{ return(var('exports')) }}{% endmacro %}
