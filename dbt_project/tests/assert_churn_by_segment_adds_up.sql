-- A row is a month whose segments do not come to what monthly_churn has.
{{ config(meta={'dagster': {'ref': {'name': 'churn_by_segment'}}}) }}

{%- set counts = [
    'opening_customers', 'new_customers', 'reactivated_customers', 'churned_customers',
    'closing_customers',
] %}
with segments as (
    select
        base,
        month,
        segment_name,
    {%- for column in counts %}
    sum({{ column }}) as {{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ ref('churn_by_segment') }}
    group by base, month, segment_name
)

select segments.*
from segments
inner join {{ ref('monthly_churn') }} as months
    on segments.base = months.base and segments.month = months.month
where
{%- for column in counts %}
    {{ 'or ' if not loop.first }}segments.{{ column }} <> months.{{ column }}
{%- endfor %}
