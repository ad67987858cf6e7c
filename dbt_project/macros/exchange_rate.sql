{# Units of the base currency for one of the row's; NULL where no rate is near enough. `rates` is
   joined on currency and day. #}
{% macro exchange_rate(currency) -%}
case
            when {{ currency }} is null or {{ currency }} = '{{ var("base_currency") }}'
                then cast(1 as decimal(28, 12))
            else rates.rate
        end
{%- endmacro %}
