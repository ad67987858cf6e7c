{#- A large export is read many times; whether its ids are any is asked once. -#}
{%- set ids = [
    ('events', 'session_id', 'thing'),
    ('events', 'customer_id', 'person'), ('events', 'anonymous_id', 'person'),
    ('sessions', 'customer_id', 'person'), ('sessions', 'anonymous_id', 'person'),
] -%}
with placeholders as (
    {%- for export, column, kind in ids %}
    {{ 'union' if not loop.first }}
    select '{{ kind }}' as kind, {{ column }} as written
    from {{ source('raw', export) }}
    where
        {{ column }} is not null
        and {{ known_id(column) if kind == 'thing' else known_person(column) }} is null
    {%- endfor %}
)

select * from placeholders
