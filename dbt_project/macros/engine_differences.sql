{# SQL that differs between DuckDB and Spark, each with the reason; .sqlfluff holds stand-ins. #}

{# Both count calendar boundaries, Spark with other functions. #}
{% macro day_diff(first, last) %}cast({{ dbt.datediff(first, last, 'day') }} as int){% endmacro %}

{# Engines add months in their own ways; a day that the month lacks becomes its last on both. #}
{% macro add_months(date, months) -%}
{{ return(adapter.dispatch('add_months')(date, months)) }}
{%- endmacro %}
{% macro default__add_months(date, months) -%}
cast({{ date }} + to_months(cast({{ months }} as int)) as date)
{%- endmacro %}
{% macro spark__add_months(date, months) %}add_months({{ date }}, cast({{ months }} as int)){% endmacro %}

{# Whole seconds; for timestamps without fractions, the time elapsed. #}
{% macro second_diff(first, last) %}{{ dbt.datediff(first, last, 'second') }}{% endmacro %}

{# Time elapsed has to be exact; engines count microseconds since 1970 in their own ways. #}
{% macro microseconds(timestamp) -%}
{{ return(adapter.dispatch('microseconds')(timestamp)) }}
{%- endmacro %}
{% macro default__microseconds(timestamp) %}epoch_us({{ timestamp }}){% endmacro %}
{% macro spark__microseconds(timestamp) -%}
unix_micros(cast({{ timestamp }} as timestamp))
{%- endmacro %}

{# The one way to quote a name that is a reserved word: "x" is a string on Spark. #}
{% macro quoted(name) %}{{ return(adapter.quote(name)) }}{% endmacro %}

{# Engines name the conversion from UTC to a zone differently. #}
{% macro in_time_zone(timestamp, zone) -%}
{{ return(adapter.dispatch('in_time_zone')(timestamp, zone)) }}
{%- endmacro %}
{% macro default__in_time_zone(timestamp, zone) -%}
timezone('{{ zone }}', timezone('UTC', {{ timestamp }}))
{%- endmacro %}
{% macro spark__in_time_zone(timestamp, zone) -%}
from_utc_timestamp({{ timestamp }}, '{{ zone }}')
{%- endmacro %}

{# ... and the one back. #}
{% macro from_time_zone(timestamp, zone) -%}
{{ return(adapter.dispatch('from_time_zone')(timestamp, zone)) }}
{%- endmacro %}
{% macro default__from_time_zone(timestamp, zone) -%}
timezone('UTC', timezone('{{ zone }}', {{ timestamp }}))
{%- endmacro %}
{% macro spark__from_time_zone(timestamp, zone) -%}
to_utc_timestamp({{ timestamp }}, '{{ zone }}')
{%- endmacro %}

{# Engines name the lookup in a JSON object differently. #}
{% macro json_text(json, key) %}{{ return(adapter.dispatch('json_text')(json, key)) }}{% endmacro %}
{% macro default__json_text(json, key) %}json_extract_string({{ json }}, '$."{{ key }}"'){% endmacro %}
{% macro spark__json_text(json, key) %}get_json_object({{ json }}, '$["{{ key }}"]'){% endmacro %}

{# Both engines have range(), but each names its column in its own way. #}
{% macro series(count) %}{{ return(adapter.dispatch('series')(count)) }}{% endmacro %}
{% macro default__series(count) %}range(0, {{ count }}) as series (id){% endmacro %}
{% macro spark__series(count) %}range(0, {{ count }}){% endmacro %}

{# Several columns as one value that is ordered by the first, then by the next. #}
{% macro in_order(columns) %}{{ return(adapter.dispatch('in_order')(columns)) }}{% endmacro %}
{% macro default__in_order(columns) %}row({{ columns }}){% endmacro %}
{% macro spark__in_order(columns) %}struct({{ columns }}){% endmacro %}

{# DuckDB stores what is read more than once, even all of a large export; Spark never does. #}
{% macro read_anew() %}{{ return(adapter.dispatch('read_anew')()) }}{% endmacro %}
{% macro default__read_anew() %}not materialized{% endmacro %}
{% macro spark__read_anew() %}{% endmacro %}

{# A whole number from one or more columns, not below 0; engines hash in their own ways. #}
{% macro hash_number(columns) %}{{ return(adapter.dispatch('hash_number')(columns)) }}{% endmacro %}
{% macro default__hash_number(columns) %}hash({{ columns }}){% endmacro %}
{% macro spark__hash_number(columns) %}cast(xxhash64({{ columns }}) as decimal(20, 0)) + 9223372036854775808{% endmacro %}

{# What spellings have in common that differ in case, blanks and Unicode form; only DuckDB knows the
   latter. #}
{% macro folded(text) %}{{ return(adapter.dispatch('folded')(text)) }}{% endmacro %}
{% macro default__folded(text) -%}
lower(trim(regexp_replace(nfc_normalize({{ text }}), '\s+', ' ', 'g')))
{%- endmacro %}
{% macro spark__folded(text) %}lower(trim(regexp_replace({{ text }}, '[[:space:]]+', ' '))){% endmacro %}
