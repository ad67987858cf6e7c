{# Where the money of used order rows goes: the terms that add up to amount_used. #}
{% macro money_uses() %}
{{ return([
    'not_counted', 'after_as_of', 'refunded_by_status', 'without_customer', 'without_order', 'in_cohorts'
]) }}
{% endmacro %}
