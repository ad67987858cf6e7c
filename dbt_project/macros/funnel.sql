{# A list of words as SQL texts in lower case. #}
{% macro words(names) %}'{{ names | map('lower') | join("', '") }}'{% endmacro %}

{# Whether a share is clearly below another one: its interval ends before the other's begins,
   even once `diagnosis_margin` is taken off that. #}
{% macro falls_short(successes, trials, other_successes, other_trials) -%}
coalesce(
            {{ wilson_high(successes, trials) }}
            < {{ 1 - var('diagnosis_margin') }}e0 * {{ wilson_low(other_successes, other_trials) }},
            false
        )
{%- endmacro %}

{# What a campaign suffers from: few who see it click, or few who click buy. #}
{% macro diagnosis(few_click, few_buy) -%}
case
            when {{ few_click }} and {{ few_buy }} then 'ad and landing page'
            when {{ few_click }} then 'ad'
            when {{ few_buy }} then 'landing page'
        end
{%- endmacro %}
