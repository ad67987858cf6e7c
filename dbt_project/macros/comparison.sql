{# What the customers of one group have over those of another, on one row of the first: the
   difference of the rate, and of the value, each within an interval made of those of the two
   groups, and NULL where either has fewer than `interval_min_customers` that it is of. `groups` has
   a row per customer_group (of each of what `within` names): rate_outcome, of so many `rated`,
   within rate_low and rate_high, and value_per_customer, of so many customers, within value_low and
   value_high. #}
{% macro group_comparison(groups, first, second, rated, within=[]) -%}
{%- set keys = within + ['customer_group'] -%}
{%- set least_customers = var('interval_min_customers') -%}
paired as (
    select
        {{ columns_of('ours', keys) }},
        least(ours.{{ rated }}, theirs.{{ rated }}) >= {{ least_customers }} as has_rates,
        ours.rate_outcome - theirs.rate_outcome as rate_difference,
        {{ difference_low('ours.rate', 'theirs.rate', 'outcome') }} as rate_difference_low,
        {{ difference_high('ours.rate', 'theirs.rate', 'outcome') }} as rate_difference_high,
        least(ours.customers, theirs.customers) >= {{ least_customers }} as has_values,
        ours.value_per_customer - theirs.value_per_customer as value_difference,
        {{ difference_low('ours.value', 'theirs.value', 'per_customer') }} as value_difference_low,
        {{ difference_high('ours.value', 'theirs.value', 'per_customer') }} as value_difference_high
    from {{ groups }} as ours
    inner join {{ groups }} as theirs
        on
            ours.customer_group = '{{ first }}' and theirs.customer_group = '{{ second }}'
            {{ 'and ' ~ alike('ours', 'theirs', within) if within }}
),

compared as (
    select
        {{ keys | join(', ') }},
        case when has_rates then cast(rate_difference as double) end as rate_difference,
        case when has_rates then cast(rate_difference_low as double) end as rate_difference_low,
        case when has_rates then cast(rate_difference_high as double) end as rate_difference_high,
        case when has_values then cast(value_difference as double) end as value_difference,
        case when has_values then cast(value_difference_low as double) end
            as value_difference_low,
        case when has_values then cast(value_difference_high as double) end
            as value_difference_high
    from paired
)
{%- endmacro %}
