{#- Rows that share their key with another, or lack a part of it. -#}
{% test unique_grain(model, columns) %}
select
    {%- for column in columns %}
    {{ quoted(column) }},
    {%- endfor %}
    count(*) as copies
from {{ model }}
group by
    {%- for column in columns %}
    {{ quoted(column) }}{{ ',' if not loop.last }}
    {%- endfor %}
having
    count(*) > 1
    {%- for column in columns %}
    or {{ quoted(column) }} is null
    {%- endfor %}
{% endtest %}
