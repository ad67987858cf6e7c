{# What the customers of one group have over those of another, on one row of the first: the
   difference of the rate within Newcombe's interval and of the value within Welch's, each NULL where
   either group has fewer than `interval_min_customers` that it is of. `groups` has a row per
   customer_group: rate_outcome, of so many `rated`, within rate_low and rate_high, and
   value_per_customer, of so many customers, with its squared error value_error. #}
{% macro group_comparison(groups, first, second, rated) -%}
{%- set least_customers = var('interval_min_customers') -%}
paired as (
    select
        ours.customer_group,
        least(ours.{{ rated }}, theirs.{{ rated }}) >= {{ least_customers }} as has_rates,
        ours.rate_outcome - theirs.rate_outcome as rate_difference,
        {{ newcombe_low('ours.rate', 'theirs.rate') }} as rate_difference_low,
        {{ newcombe_high('ours.rate', 'theirs.rate') }} as rate_difference_high,
        least(ours.customers, theirs.customers) >= {{ least_customers }} as has_values,
        ours.value_per_customer - theirs.value_per_customer as value_difference,
        ours.value_error + theirs.value_error as error,
        {{ welch_degrees(
            'ours.value_error', 'theirs.value_error', 'ours.customers', 'theirs.customers'
        ) }} as degrees
    from {{ groups }} as ours
    inner join {{ groups }} as theirs
        on ours.customer_group = '{{ first }}' and theirs.customer_group = '{{ second }}'
),

spread as (
    select
        *,
        {{ t_quantile('degrees') }} * sqrt(error) as welch
    from paired
),

compared as (
    select
        customer_group,
        case when has_rates then cast(rate_difference as double) end as rate_difference,
        case when has_rates then cast(rate_difference_low as double) end as rate_difference_low,
        case when has_rates then cast(rate_difference_high as double) end as rate_difference_high,
        case when has_values then cast(value_difference as double) end as value_difference,
        case when has_values then cast(value_difference - welch as double) end
            as value_difference_low,
        case when has_values then cast(value_difference + welch as double) end
            as value_difference_high
    from spread
)
{%- endmacro %}
