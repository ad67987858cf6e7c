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

{# Bounds of the 95 % interval of the difference of two shares, from columns <name>_outcome,
   <name>_low and <name>_high of each. Newcombe (1998), Interval estimation for the difference
   between independent proportions, method 10: built from their Wilson intervals. #}
{% macro newcombe_low(first, second) -%}
{{ first }}_outcome - {{ second }}_outcome - sqrt(
            ({{ first }}_outcome - {{ first }}_low) * ({{ first }}_outcome - {{ first }}_low)
            + ({{ second }}_high - {{ second }}_outcome) * ({{ second }}_high - {{ second }}_outcome)
        )
{%- endmacro %}
{% macro newcombe_high(first, second) -%}
{{ first }}_outcome - {{ second }}_outcome + sqrt(
            ({{ first }}_high - {{ first }}_outcome) * ({{ first }}_high - {{ first }}_outcome)
            + ({{ second }}_outcome - {{ second }}_low) * ({{ second }}_outcome - {{ second }}_low)
        )
{%- endmacro %}
