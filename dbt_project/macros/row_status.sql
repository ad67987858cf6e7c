{# How every staging model chooses among rows that tell of the same thing, and says what became
   of each. Newer is: larger updated_at, else later delivery, never order of arrival. #}

{% macro newest_first() -%}
updated_at desc nulls last, _delivered_at desc, _content, _file, _line
{%- endmacro %}

{# Rank among the healthy versions of a row, and the content of the one that is used. #}
{% macro version_columns(key) %}
{%- set versions = 'partition by ' ~ key ~ ', quarantine_reason order by ' ~ newest_first() -%}
row_number() over ({{ versions }}) as version_rank,
        first_value(_content) over ({{ versions }}) as newest_content
{%- endmacro %}

{% macro row_status() -%}
case
            when quarantine_reason is not null then 'quarantined'
            when version_rank = 1 then 'used'
            when _content = newest_content then 'duplicate'
            else 'superseded'
        end
{%- endmacro %}

{# Why a moment cannot be: before 1990, or more than a day after the file that tells of it. #}
{% macro moment_faults(column) -%}
when {{ column }} < timestamp '1990-01-01 00:00:00' then '{{ column }} is before 1990'
            when {{ business_date(column) }} > {{ add_days('_delivered_at', 1) }} then '{{ column }} is after its delivery'
{%- endmacro %}
