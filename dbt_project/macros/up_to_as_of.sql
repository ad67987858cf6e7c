{# The rows of a model that count: those of the days up to as_of_date. #}
{% macro up_to_as_of(relation, date) -%}
select {{ relation }}.*
    from {{ ref(relation) }} as {{ relation }}
    inner join {{ ref('as_of') }} as as_of on {{ relation }}.{{ date }} <= as_of.as_of_date
{%- endmacro %}
