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

{# The days of a customer's period in a study. #}
{% macro each_period(period) -%}
(
            partition by
                studies.study_key, days.customer_key, {{ period_of(period, 'days.day_index') }}
        )
{%- endmacro %}
