{# SQL that reads the same on DuckDB and Spark; what does not is in engine_differences.sql. #}

{% macro month_start(date) %}cast(date_trunc('month', {{ date }}) as date){% endmacro %}

{# date_trunc cuts weeks on Monday: for Sunday weeks, cut the next day and step back. #}
{% macro week_start(date) -%}
{%- if var('week_starts_on') == 'sunday' -%}
{{ add_days("cast(date_trunc('week', " ~ add_days(date, 1) ~ ") as date)", -1) }}
{%- else -%}
cast(date_trunc('week', {{ date }}) as date)
{%- endif -%}
{%- endmacro %}

{% macro add_days(date, days) %}cast(date_add({{ date }}, cast({{ days }} as int)) as date){% endmacro %}

{# Running number of a day, week or month: offsets between periods are differences of these. #}
{% macro day_number(date) %}{{ day_diff("date '1970-01-01'", date) }}{% endmacro %}

{# 1970-01-05 was a Monday, 1970-01-04 a Sunday. #}
{% macro week_number(week_start) -%}
cast(floor({{ day_diff("date '1970-01-04'", week_start) }} / 7e0) as int)
{%- endmacro %}

{% macro month_number(date) %}cast(year({{ date }}) * 12 + month({{ date }}) as int){% endmacro %}

{# The running number of the week or month, or the day itself, in which a numbered day lies: the
   same as of a date. 1970-01-05 was a Monday. #}
{% macro period_of(period, day_index) -%}
{%- if period == 'day' -%}
{{ day_index }}
{%- elif period == 'week' -%}
cast(floor(({{ day_index }} - {{ 3 if var('week_starts_on') == 'sunday' else 4 }}) / 7e0) as int)
{%- else -%}
{{ month_number(add_days("date '1970-01-01'", day_index)) }}
{%- endif -%}
{%- endmacro %}

{# Whether an active day is the first of those in its period. #}
{% macro begins(period, gaps) -%}
({{ gaps }}.previous_index is null
            or {{ period_of(period, gaps ~ '.previous_index') }}
            < {{ period_of(period, gaps ~ '.day_index') }})
{%- endmacro %}

{# The running number of the period of this kind in which a date lies. #}
{% macro period_index(period, date) -%}
case {{ period }}
            when 'day' then {{ day_number(date) }}
            when 'week' then {{ week_number(week_start(date)) }}
            else {{ month_number(date) }}
        end
{%- endmacro %}

{# Days in a period of elapsed time: 24 hours, 7 and 30 days. #}
{% macro elapsed_days(period) %}case {{ period }} when 'day' then 1 when 'week' then 7 else 30 end{% endmacro %}

{# A double; NULL where the denominator is 0. #}
{% macro ratio(numerator, denominator) -%}
cast(cast({{ numerator }} as double) / cast(nullif({{ denominator }}, 0) as double) as double)
{%- endmacro %}

{% macro money(amount) %}cast({{ amount }} as decimal(18, 4)){% endmacro %}

{# An amount to the hundredth, for whether two of them are the same. #}
{% macro cents(amount) %}cast({{ amount }} as decimal(18, 2)){% endmacro %}

{# A double as money: in two steps, since engines round half-way values differently in one. #}
{% macro money_of_double(amount) %}cast(cast({{ amount }} as decimal(38, 12)) as decimal(18, 4)){% endmacro %}

{# The day in the business time zone of a UTC timestamp. #}
{% macro business_date(timestamp) -%}
cast({{ business_time(timestamp) }} as date)
{%- endmacro %}

{# What clocks in the business time zone show at a UTC timestamp. #}
{% macro business_time(timestamp) -%}
{%- if var('business_time_zone') == 'UTC' -%}
{{ timestamp }}
{%- else -%}
{{ in_time_zone(timestamp, var('business_time_zone')) }}
{%- endif -%}
{%- endmacro %}

{# 1 where a moment is the beginning of a day, in UTC or in the business time zone, else 0. #}
{% macro is_at_midnight(timestamp) -%}
{%- set local = business_time(timestamp) -%}
{%- set begins = timestamp ~ ' = cast(cast(' ~ timestamp ~ ' as date) as timestamp)' -%}
{%- if local != timestamp -%}
{%- set begins = begins ~ ' or ' ~ local ~ ' = cast(cast(' ~ local ~ ' as date) as timestamp)' -%}
{%- endif -%}
case when {{ begins }} then 1 else 0 end
{%- endmacro %}

{# Words as a list of SQL. #}
{% macro quoted_list(words) -%}
{% for word in words %}'{{ word }}'{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# The business day at so much time after a day begins: a day of 23 or 25 hours, when clocks
   change, shifts it. #}
{% macro day_after(date, elapsed) -%}
{%- set begins = 'cast(' ~ date ~ ' as timestamp)' -%}
{%- if var('business_time_zone') != 'UTC' -%}
{%- set begins = from_time_zone(begins, var('business_time_zone')) -%}
{%- endif -%}
{{ business_date(begins ~ ' + ' ~ elapsed) }}
{%- endmacro %}

{# Whole numbers from 0 to count - 1, as column n of a relation. #}
{% macro numbers(count) %}(select cast(id as int) as n from {{ series(count) }}){% endmacro %}

{# Columns of a relation, by the name of the relation. #}
{% macro columns_of(relation, columns) -%}
{%- for column in columns %}{{ relation }}.{{ column }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{# Whether two relations are alike in these columns. #}
{% macro alike(one, other, columns) -%}
{%- for column in columns -%}
{{ one }}.{{ column }} = {{ other }}.{{ column }}{{ ' and ' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
