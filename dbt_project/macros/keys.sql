{# Integers for ids, given once and kept between nights, since kept tables have them: `numbered` are
   the ids that have none yet, numbered after those that are there, from `first` on. Which number an
   id has decides no figure and no order. #}
{% macro number_once(relation, id, key, first=1, order='') -%}
{% if is_incremental() -%}
given as (
    select coalesce(max({{ key }}), {{ first - 1 }}) as last_key from {{ this }}
),

unnumbered as (
    select {{ relation }}.{{ id }}
    from {{ relation }}
    left join {{ this }} as known on {{ relation }}.{{ id }} = known.{{ id }}
    where {{ relation }}.{{ id }} is not null and known.{{ id }} is null
),
{%- else -%}
given as (
    select {{ first - 1 }} as last_key
),

unnumbered as (
    select {{ id }} from {{ relation }}
    where {{ id }} is not null
),
{%- endif %}

numbered as (
    select
        unnumbered.{{ id }},
        cast(given.last_key + row_number() over (
            order by {{ order ~ ', ' if order }}unnumbered.{{ id }}
        ) as int) as {{ key }}
    from unnumbered
    cross join given
)
{%- endmacro %}

{#- The key of a left join that only some rows take part in. What concerns the left side alone may
    not stand beside the equation: DuckDB then compares each row with each. -#}
{% macro where_it(holds, key) -%}
case when {{ holds }} then {{ key }} end
{%- endmacro %}
