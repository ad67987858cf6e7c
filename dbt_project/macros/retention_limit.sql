{# How far offsets run in periods of this kind. #}
{% macro retention_limit(period) -%}
case {{ period }}
        when 'day' then {{ var('retention_days') }}
        when 'week' then {{ var('retention_weeks') }}
        else {{ var('retention_months') }}
    end
{%- endmacro %}

{% macro longest_retention_limit() -%}
{%- set limits = [var('retention_days'), var('retention_weeks'), var('retention_months')] -%}
{{ limits | map('int') | max + 1 }}
{%- endmacro %}
