{# Units of the base currency for one of the row's; NULL where no rate is near enough. `rates` is
   joined on currency and day. #}
{% macro exchange_rate(currency) -%}
case
            when {{ currency }} is null or {{ currency }} = '{{ var("base_currency") }}'
                then cast(1 as decimal(28, 12))
            else rates.rate
        end
{%- endmacro %}

{# An amount in the base currency, by the row's rate. Most are in it already: a product of decimals
   costs more than all else that staging does to a row. #}
{% macro converted(amount) -%}
case when rate = 1 then {{ money(amount) }} else {{ money(amount ~ ' * rate') }} end
{%- endmacro %}
