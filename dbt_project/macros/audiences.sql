{# For each audience: what a message to it is meant to bring about. #}
{% macro audiences() %}
{{ return({
    'viewed_not_favourited': 'order',
    'favourited_without_app': 'app',
    'mobile_web_without_app': 'app',
    'unsubscribed_from_email': 'order',
    'renewal_due': 'renewed',
    'likely_to_lapse': 'order',
    'win_back': 'order',
    'promoters': 'invited',
}) }}
{% endmacro %}

{# Whether a column holds one of the words, in any letter case. #}
{% macro is_one_of(column, words) -%}
lower(trim({{ column }})) in ('{{ words | map("lower") | join("', '") }}')
{%- endmacro %}

{# Channels as consents know them: every messenger is one channel. #}
{% macro consent_channel(channel) -%}
case when {{ is_one_of(channel, var('messenger_channels')) }} then 'messenger' else {{ channel }} end
{%- endmacro %}

{# Rank of a channel that may be used: lower is better, NULL is never used. #}
{% macro channel_rank(channel) -%}
case {{ channel }}{% for name in var('audience_channels') %} when '{{ name }}' then {{ loop.index }}{% endfor %} end
{%- endmacro %}

{# A number from 0 to 1 that looks random, from a text: the first six digits of its MD5. The same on
   every engine and in every run, so an arm of a comparison can be recomputed at any time. #}
{% macro share_of_text(text) -%}
{%- set md5 = 'md5(' ~ text ~ ')' -%}
({% for place in range(6) %}{{ hex_digit(md5, place) }} * {{ 16 ** (5 - place) }} + {% endfor %}0e0)
/ {{ 16 ** 6 }}e0
{%- endmacro %}
{% macro hex_digit(text, place) %}(instr('0123456789abcdef', substr({{ text }}, {{ place + 1 }}, 1)) - 1){% endmacro %}

{# Whether a customer is held out of an audience, for as long as it exists. #}
{% macro is_held_out(audience, customer_id) -%}
{{ share_of_text(audience ~ " || '|' || " ~ customer_id) }} < {{ var('holdout_share') }}
{%- endmacro %}
