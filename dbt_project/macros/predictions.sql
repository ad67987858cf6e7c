{# The parameters of the purchase model and of the spend model. #}
{% macro prediction_parameters() %}
{{ return(['r', 'alpha', 'a', 'b', 'p', 'q', 'v']) }}
{% endmacro %}

{# What is predicted of a customer for each horizon: a column's ending, the forecast behind it. #}
{% macro predicted_orders() %}
{{ return({'': 'expected_orders', '_low': 'orders_low', '_high': 'orders_high'}) }}
{% endmacro %}
{% macro predicted_values() %}
{{ return({'': 'value_weight', '_low': 'value_low_weight', '_high': 'value_high_weight'}) }}
{% endmacro %}

{# The columns that these become, horizon by horizon. #}
{% macro prediction_columns() %}
{%- set columns = [] -%}
{%- for days in var('prediction_horizons') -%}
{%- for ending in predicted_orders() -%}
{%- do columns.append('expected_orders_' ~ days ~ ending) -%}
{%- endfor -%}
{%- for ending in predicted_values() -%}
{%- do columns.append('predicted_value_' ~ days ~ ending) -%}
{%- endfor -%}
{%- endfor -%}
{{ return(columns) }}
{% endmacro %}

{# A forecast, not below 0, as money. Rounded as a double, which leaves engines nothing to round
   differently, at a tenth of the cost of a wide decimal in between. #}
{% macro forecast_money(amount) -%}
cast(floor({{ amount }} * 1e4 + 0.5e0) / 1e4 as decimal(18, 4))
{%- endmacro %}

{# A sentence about an error that is larger than the setting allows. #}
{% macro prediction_too_far(error, what, days) -%}
'predicted {{ what }} '
            || cast(cast(round(100 * abs({{ error }})) as int) as string)
            || case when {{ error }} > 0 then ' % above' else ' % below' end
            || ' the actual over ' || cast({{ days }} as string) || ' days of holdout'
            || ' (prediction_max_error {{ var("prediction_max_error") }})'
{%- endmacro %}

{# A sentence about a lift below the setting. #}
{% macro prediction_flat_lift(lift) -%}
'the tenth of whom most was expected ordered '
            || cast(cast({{ lift }} as decimal(9, 2)) as string)
            || ' times the average (prediction_min_lift {{ var("prediction_min_lift") }})'
{%- endmacro %}

{# A sentence about a horizon that the holdout is too short to judge. #}
{% macro prediction_out_of_reach(days) -%}
'the horizon is more than {{ var("prediction_max_stretch") }} times the '
            || cast({{ days }} as string) || ' days of holdout (prediction_max_stretch)'
{%- endmacro %}
