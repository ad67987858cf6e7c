with files as (
    select * from {{ source('ledger', 'files') }}
),

repeated as (
    select
        export,
        case export
            {%- for export, told in exports().items() if told.has_moments %}
            when '{{ export }}' then '{{ told.time }}'
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
