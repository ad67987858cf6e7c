{{ config(materialized='view') }}

{% for relation in ['activity_gaps', 'recalled_days'] -%}
{{ 'union all' if not loop.first }}
select customer_key, activity_key, day_index, previous_index, next_index
from {{ ref(relation) }}
{% endfor %}
