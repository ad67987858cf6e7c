{#- The moment stands first among the columns that can be at fault. -#}
with files as (
    select * from {{ source('ledger', 'files') }}
),

repeated as (
    select
        export,
        case export
            {%- for export, told in exports().items() if told.columns[0].endswith('_at') %}
            when '{{ export }}' then '{{ told.columns[0] }}'
            {%- endfor %}
        end as moment,
        sum(rows_in_repeated_hour) as occurrences
    from files
    group by export
),

repeated_hours as (
    select * from repeated
    where moment is not null
)

select * from repeated_hours
