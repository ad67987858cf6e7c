{# How far offsets run in periods of this kind. #}
{% macro retention_limit(period) -%}
case {{ period }}
        when 'day' then {{ var('retention_days') }}
        when 'week' then {{ var('retention_weeks') }}
        else {{ var('retention_months') }}
    end
{%- endmacro %}
