{#- Rows that share their key with another, or lack a part of it. -#}
{% test unique_grain(model, columns) %}
{%- set keys = [] -%}
{%- for column in columns %}{% do keys.append(quoted(column)) %}{% endfor -%}
select {{ keys | join(', ') }}, count(*) as copies
from {{ model }}
group by {{ keys | join(', ') }}
having
    count(*) > 1
    {%- for key in keys %}
    or {{ key }} is null
    {%- endfor %}
{% endtest %}
