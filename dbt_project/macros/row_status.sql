{# How every staging model chooses among rows about the same thing, and says what became of each.
   Newer means: larger updated_at, else later delivery, never order of arrival. #}

{% macro newest_first() -%}
updated_at desc nulls last, _delivered_at desc, _content, _file, _line
{%- endmacro %}

{# Rank among the healthy versions of a row, and what the one that is used says. `state` is a
   column that is left out of _content since it changes between versions. #}
{% macro version_columns(key, state=none, reason='quarantine_reason') %}
{%- set versions = 'partition by ' ~ key ~ ', ' ~ reason ~ ' order by ' ~ newest_first() -%}
row_number() over ({{ versions }}) as version_rank,
        {{ 'first_value(' ~ state ~ ') over (' ~ versions ~ ') as newest_state,' if state }}
        first_value(_content) over ({{ versions }}) as newest_content
{%- endmacro %}

{% macro row_status(state=none) -%}
case
            when quarantine_reason is not null then 'quarantined'
            when version_rank = 1 then 'used'
            when _content = newest_content{{ ' and ' ~ state ~ ' = newest_state' if state }} then 'duplicate'
            else 'superseded'
        end
{%- endmacro %}

{# Rows without the id that would tell them apart are numbered among identical rows of their
   file: a second delivery matches its twins, and what really is there twice is not lost. #}
{% macro number_copies(relation, is_keyed) -%}
select
        *,
        1 as copy_number
    from {{ relation }}
    where {{ is_keyed }}
    union all
    select
        *,
        row_number() over (partition by _content, _file order by updated_at, _line) as copy_number
    from {{ relation }}
    where not ({{ is_keyed }})
{%- endmacro %}

{% macro own_key(id) -%}
coalesce({{ known_id(id) }}, _content || '-' || cast(copy_number as string))
{%- endmacro %}

{# The same for an export most of whose rows occur once, by their key or, where it is NULL, by their
   content: only the others are numbered, and later ranked. `told` is the key as the export wrote it:
   rows with one key, or with one content, are alike in that too. #}
{% macro number_repeated(relation, key, told) -%}
repeated as (
    select {{ hash_number('coalesce(' ~ told ~ ', _content)') }} as told_hash
    from {{ relation }}
    group by {{ hash_number('coalesce(' ~ told ~ ', _content)') }}
    having count(*) > 1
),

marked as {{ read_anew() }} (
    select
        {{ relation }}.*,
        repeated.told_hash is not null as is_repeated
    from {{ relation }}
    left join repeated
        on {{ hash_number('coalesce(' ~ told ~ ', _content)') }} = repeated.told_hash
),

numbered as {{ read_anew() }} (
    select
        *,
        1 as copy_number
    from marked
    where not is_repeated or {{ key }} is not null
    union all
    select
        *,
        row_number() over (partition by _content, _file order by updated_at, _line) as copy_number
    from marked
    where is_repeated and {{ key }} is null
)
{%- endmacro %}
{% macro rank_repeated(relation, key, state=none) -%}
versions as (
    select
        *,
        {{ version_columns(key, state=state) }}
    from {{ relation }}
    where is_repeated
    union all
    select
        *,
        1 as version_rank,
        {{ state ~ ' as newest_state,' if state }}
        _content as newest_content
    from {{ relation }}
    where not is_repeated
)
{%- endmacro %}

{# An id, or NULL where a system wrote in its place that there is none. #}
{% macro known_id(column) -%}
{{ id_unless(column, var('words_for_nothing')) }}
{%- endmacro %}

{# The id of a customer or a device, or NULL where a system, or the shop, says by it that nobody is
   known: `not_ids` and the words of `exports/mapping/words.py`. #}
{% macro known_person(column) -%}
{%- set listed = var('words_for_nothing') + var('words_for_nobody') -%}
{%- set zeros = "replace(replace(" ~ column ~ ", '0', ''), '-', '') = ''" -%}
{%- set own = 'lower(trim(' ~ column ~ ')) in (' ~ words(var('not_ids')) ~ ')' -%}
{%- if var('not_ids') -%}
case when not {{ own }} then {{ id_unless(column, listed, zeros) }} end
{%- else -%}
{{ id_unless(column, listed, zeros) }}
{%- endif -%}
{%- endmacro %}

{# The first tests spare nearly all ids the last: no word begins with 2 to 9, and one that begins
   with a letter is short and does not end in 1 to 9. As a list, DuckDB would make a join of it. #}
{% macro id_unless(column, listed, is_none='false') -%}
{%- set listed = "'||" ~ listed | join('|') | replace('\\', "' || chr(92) || '") ~ "|'" -%}
case
            when ascii({{ column }}) between 50 and 57 then {{ column }}
            when
                ascii({{ column }}) between 65 and 122
                and (
                    ascii(right({{ column }}, 1)) between 49 and 57
                    or length({{ column }}) > 24 and not contains({{ column }}, '@')
                )
                then {{ column }}
            when
                not {{ is_none }}
                and not contains(
                    {{ listed }},
                    '|' || lower(trim(split_part({{ column }}, '@', 1)))
                    || case when contains({{ column }}, '@') then '@|' else '|' end
                )
                then {{ column }}
        end
{%- endmacro %}

{# The same of a large export, whose placeholders were found once: `kinds` says of each column
   whether it holds the id of a thing or of a person. #}
{% macro known_of(relation, column) -%}
case when placeholder_{{ column }}.written is null then {{ relation }}.{{ column }} end
{%- endmacro %}
{% macro with_placeholders(relation, kinds) -%}
{%- for column, kind in kinds.items() %}
    left join {{ ref('placeholder_ids') }} as placeholder_{{ column }}
        on
            placeholder_{{ column }}.kind = '{{ kind }}'
            and {{ relation }}.{{ column }} = placeholder_{{ column }}.written
{%- endfor -%}
{%- endmacro %}

{# Why a moment is impossible: before 1990, decades before all but a few of its export's, or more
   than a day after the file that holds it. `raw` is the export's table. #}
{% macro moment_faults(column, raw) -%}
when {{ column }} < timestamp '1990-01-01 00:00:00' then '{{ column }} is before 1990'
            when extract(year from {{ column }}) < {{ first_year(column, raw) }}
                then '{{ column }} is decades before all others'
            when {{ business_date(column) }} > {{ add_days('_delivered_at', 1) }} then '{{ column }} is after its delivery'
{%- endmacro %}

{% macro day_faults(column, raw) -%}
when {{ column }} < date '1990-01-01' then '{{ column }} is before 1990'
            when extract(year from {{ column }}) < {{ first_year(column, raw) }}
                then '{{ column }} is decades before all others'
            when {{ column }} > {{ add_days('_delivered_at', 1) }} then '{{ column }} is after its delivery'
{%- endmacro %}

{# The year after the last long gap that only a few rows are before; NULL where there is none. One
   row of 1991 would begin a history of decades. #}
{% macro first_year(column, raw) -%}
(
                select max(told_years.told_year) from (
                    select
                        by_year.told_year,
                        lag(by_year.told_year) over (order by by_year.told_year) as year_before,
                        sum(by_year.told) over (order by by_year.told_year) - by_year.told as told_before,
                        sum(by_year.told) over () as told_in_all
                    from (
                        select extract(year from {{ column }}) as told_year, count(*) as told
                        from {{ raw }}
                        where {{ column }} >= timestamp '1990-01-01 00:00:00'
                        group by extract(year from {{ column }})
                    ) as by_year
                ) as told_years
                where
                    told_years.told_year - told_years.year_before >= {{ var('outlying_years') }}
                    and told_years.told_before <= {{ var('outlying_share') }} * told_years.told_in_all
            )
{%- endmacro %}

{# Why a row that has to name a customer may not count. #}
{% macro customer_faults(column='customer_id') -%}
when {{ known_person(column) }} is null then '{{ column }} is no id'
            when left_out_because is not null then '{{ column }} ' || left_out_because
{%- endmacro %}

{# Of an order's lines or a visit's events in their places, what the first that says it says. #}
{% macro first_told(column, place='place') -%}
min_by({{ column }}, case when {{ column }} is not null then {{ place }} end)
{%- endmacro %}

{# The days that the used rows of a staging model tell of, beside those of their delivery. #}
{% macro told_days(day, staged) -%}
select {{ day }} as activity_date, _delivered_at
    from {{ ref(staged) }}
    where row_status = 'used'
{%- endmacro %}

{# Columns of names in the one spelling that is shown; `kinds` says of each what it names. #}
{% macro spelt(relation, kinds) -%}
{%- for column in kinds %}
        coalesce(spelt_{{ column }}.shown, {{ relation }}.{{ column }}) as {{ column }}{{ ',' if not loop.last }}
{%- endfor -%}
{%- endmacro %}
{% macro with_spellings(relation, kinds) -%}
{%- for column, kind in kinds.items() %}
    left join {{ ref('spellings') }} as spelt_{{ column }}
        on
            spelt_{{ column }}.kind = '{{ kind }}'
            and {{ relation }}.{{ column }} = spelt_{{ column }}.written
{%- endfor -%}
{%- endmacro %}
