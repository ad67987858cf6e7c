{# Bounds of the Wilson score interval at 95 % for `successes` of `trials`; NULL without
   trials, and where there are more successes than trials or fewer than none, which is not a share.
   Wilson (1927), Probable inference, the law of succession, and statistical inference. #}
{% macro wilson_low(successes, trials) %}{{ wilson_bound(successes, trials, '-') }}{% endmacro %}
{% macro wilson_high(successes, trials) %}{{ wilson_bound(successes, trials, '+') }}{% endmacro %}

{% macro wilson_bound(successes, trials, sign) -%}
{%- set z = '1.959963984540054e0' -%}
{%- set n = 'cast(' ~ trials ~ ' as double)' -%}
{%- set p = '(cast(' ~ successes ~ ' as double) / ' ~ n ~ ')' -%}
cast(case
            when {{ trials }} > 0 and {{ successes }} = {{ '0' if sign == '-' else trials }} then {{ '0e0' if sign == '-' else '1e0' }}
            when {{ trials }} > 0 and {{ successes }} between 0 and {{ trials }} then (
                {{ p }} + {{ z }} * {{ z }} / (2e0 * {{ n }})
                {{ sign }} {{ z }} * sqrt({{ p }} * (1e0 - {{ p }}) / {{ n }} + {{ z }} * {{ z }} / (4e0 * {{ n }} * {{ n }}))
            ) / (1e0 + {{ z }} * {{ z }} / {{ n }})
        end as double)
{%- endmacro %}

{# Squared standard error of the mean of n values, from their sum and the sum of their squares;
   NULL for fewer than two, and where all are alike, which says nothing about how far off it is. #}
{% macro squared_error(total, squares, n) -%}
cast(nullif(greatest(
            cast({{ squares }} as double)
            - cast({{ total }} as double) * cast({{ total }} as double)
            / cast(nullif({{ n }}, 0) as double),
            0e0
        ), 0e0) / nullif(cast({{ n }} as double) * (cast({{ n }} as double) - 1e0), 0e0) as double)
{%- endmacro %}

{# Degrees of freedom of the difference of two means, from their squared errors and how many values
   each is of. Welch (1947), The generalization of "Student's" problem. #}
{% macro welch_degrees(error, other_error, n, other_n) -%}
({{ error }} + {{ other_error }}) * ({{ error }} + {{ other_error }}) / nullif(
            {{ error }} * {{ error }} / nullif({{ n }} - 1, 0)
            + {{ other_error }} * {{ other_error }} / nullif({{ other_n }} - 1, 0), 0
        )
{%- endmacro %}

{# Log-likelihood of `events` in so much `exposure` at the pace that makes it largest, less the
   events, which cancel where two such are compared; 0 without events. #}
{% macro log_likelihood(events, exposure) -%}
case
            when {{ events }} > 0
                then cast({{ events }} as double)
                    * ln(cast({{ events }} as double) / cast({{ exposure }} as double))
            else 0e0
        end
{%- endmacro %}

{# Bound of the 95 % interval of a Net Promoter Score, from -100 to 100: the adjusted Wald
   interval, which adds three answers, half of them passive; NULL without answers.
   Rocks (2016), Interval estimation for the "Net Promoter Score", American Statistician 70(4). #}
{% macro nps_bound(promoters, detractors, responses, sign) -%}
{%- set n = '(cast(' ~ responses ~ ' as double) + 3e0)' -%}
{%- set p = '((cast(' ~ promoters ~ ' as double) + 0.75e0) / ' ~ n ~ ')' -%}
{%- set d = '((cast(' ~ detractors ~ ' as double) + 0.75e0) / ' ~ n ~ ')' -%}
{%- set score = '(' ~ p ~ ' - ' ~ d ~ ')' -%}
{%- set variance = '(' ~ p ~ ' + ' ~ d ~ ' - ' ~ score ~ ' * ' ~ score ~ ')' -%}
cast(case
            when {{ responses }} > 0 then greatest(-100e0, least(100e0, 100e0 * (
                {{ score }} {{ sign }} 1.959963984540054e0 * sqrt({{ variance }} / {{ n }})
            )))
        end as double)
{%- endmacro %}

{# Bounds of the 95 % interval of the difference of two figures, from the figure, <name>_<figure>,
   and the bounds of its own interval, <name>_low and <name>_high, of each. Zou & Donner (2008),
   Construction of confidence limits about effect measures, Statistics in Medicine 27(10); of shares
   within Wilson's interval it is method 10 of Newcombe (1998), Interval estimation for the
   difference between independent proportions. #}
{% macro difference_low(first, second, figure) -%}
{%- set one, other = first ~ '_' ~ figure, second ~ '_' ~ figure -%}
{{ one }} - {{ other }} - sqrt(
            ({{ one }} - {{ first }}_low) * ({{ one }} - {{ first }}_low)
            + ({{ second }}_high - {{ other }}) * ({{ second }}_high - {{ other }})
        )
{%- endmacro %}
{% macro difference_high(first, second, figure) -%}
{%- set one, other = first ~ '_' ~ figure, second ~ '_' ~ figure -%}
{{ one }} - {{ other }} + sqrt(
            ({{ first }}_high - {{ one }}) * ({{ first }}_high - {{ one }})
            + ({{ other }} - {{ second }}_low) * ({{ other }} - {{ second }}_low)
        )
{%- endmacro %}

{# Bound of the 95 % interval of value / other_value, from the bounds of each that make it extreme.
   Donner & Zou (2012), Closed-form confidence intervals for functions of the normal mean and
   standard deviation, Statistical Methods in Medical Research 21(4). #}
{% macro ratio_bound(bound, other_bound, sign) -%}
(
            value * other_value {{ sign }} sqrt(greatest(
                0e0, power(value * other_value, 2)
                - {{ bound }} * {{ other_bound }}
                * (2e0 * value - {{ bound }}) * (2e0 * other_value - {{ other_bound }})
            ))
        ) / ({{ other_bound }} * (2e0 * other_value - {{ other_bound }}))
{%- endmacro %}

{# How often something is drawn, 6 times at most: a Poisson(1) number from eight hexadecimal
   digits, which compare as text as they do as numbers. The bounds are its distribution function:
   1/e, 2/e, 2.5/e, ... #}
{% macro poisson_weight(digits) -%}
{%- set bounds = ['5e2d58d8', 'bc5ab1b1', 'eb715e1d', 'fb239797', 'ff1025f5', 'ffd90f3b'] -%}
case {% for bound in bounds -%}
when {{ digits }} < '{{ bound }}' then {{ loop.index0 }} {% endfor -%}
else {{ bounds | length }} end
{%- endmacro %}

{# How likely a standard normal number lies as far from 0 as `z`, either way; within 0.0000002.
   Abramowitz & Stegun (1964), 7.1.26. #}
{% macro two_sided_p(z) -%}
{%- set x = '(abs(' ~ z ~ ') / sqrt(2e0))' -%}
{%- set t = '(1e0 / (1e0 + 0.3275911e0 * ' ~ x ~ '))' -%}
cast({{ t }} * (0.254829592e0 + {{ t }} * (-0.284496736e0 + {{ t }} * (1.421413741e0
            + {{ t }} * (-1.453152027e0 + {{ t }} * 1.061405429e0)))) * exp(-{{ x }} * {{ x }}) as double)
{%- endmacro %}

{# The normal number as far out as Student's `t` of so many degrees; of 29 and more the p-value is
   right within 0.0002. Wallace (1959), Bounds on normal approximations to Student's and the
   chi-square distributions. #}
{% macro normal_of_t(t, degrees) -%}
(8e0 * {{ degrees }} + 1e0) / (8e0 * {{ degrees }} + 3e0)
        * sqrt({{ degrees }} * ln(1e0 + {{ t }} * {{ t }} / {{ degrees }}))
{%- endmacro %}
