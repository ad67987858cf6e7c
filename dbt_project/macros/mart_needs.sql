{# For each mart that may be empty: the exports it needs, one of each list, and why it may be empty
   with all, as the `meta` of its yml has them. Marts about runs are left out: what they hold
   follows from the runs, not from exports. #}
{% macro mart_needs() %}
{%- set needs = {} -%}
{#- when the project is parsed there is no graph yet -#}
{%- for node in (graph.nodes.values() if execute else []) if node.config.meta.needs is defined -%}
{%- set consent = node.config.meta.needs_consent and not var('assume_consent') -%}
{%- do needs.update({node.name: {
    'exports': node.config.meta.needs + ([['customers', 'messages']] if consent else []),
    'else': node.config.meta.else_empty_because,
}}) -%}
{%- endfor -%}
{{ return(needs) }}
{% endmacro %}
