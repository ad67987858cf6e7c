{# Bounds of the Wilson score interval at 95 % for `successes` of `trials`; NULL without
   trials, and where there are more successes than trials, which is no share.
   Wilson (1927), Probable inference, the law of succession, and statistical inference. #}
{% macro wilson_low(successes, trials) %}{{ wilson_bound(successes, trials, '-') }}{% endmacro %}
{% macro wilson_high(successes, trials) %}{{ wilson_bound(successes, trials, '+') }}{% endmacro %}

{% macro wilson_bound(successes, trials, sign) -%}
{%- set z = '1.959963984540054e0' -%}
{%- set n = 'cast(' ~ trials ~ ' as double)' -%}
{%- set p = '(cast(' ~ successes ~ ' as double) / ' ~ n ~ ')' -%}
cast(case
            when {{ trials }} > 0 and {{ successes }} = {{ '0' if sign == '-' else trials }} then {{ '0e0' if sign == '-' else '1e0' }}
            when {{ trials }} > 0 and {{ successes }} <= {{ trials }} then (
                {{ p }} + {{ z }} * {{ z }} / (2e0 * {{ n }})
                {{ sign }} {{ z }} * sqrt({{ p }} * (1e0 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4e0 * {{ n }} * {{ n }}))
            ) / (1e0 + {{ z }} * {{ z }} / {{ n }})
        end as double)
{%- endmacro %}
