{#- The value at fault; a reason starts with the column it is about. -#}
with rejected as (
    select
        export,
        _file as file,
        {{ quoted('column') }} as column_name,
        reason,
        'rejected' as kind,
        case when is_personal and value is not null then '(personal data)' else value end
            as raw_value,
        _run_id as run_id,
        _line as line
    from {{ source('ledger', 'rejects') }}
),

quarantined as (
    {%- for export, told in exports().items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ export }}' as export,
        _file as file,
        split_part(quarantine_reason, ' ', 1) as column_name,
        quarantine_reason as reason,
        'quarantined' as kind,
        case split_part(quarantine_reason, ' ', 1)
            {%- for column in told.faults %}
            when '{{ column }}' then cast({{ column }} as string)
            {%- endfor %}
        end as raw_value,
        _run_id as run_id,
        _line as line
    from {{ ref(told.staged) }}
    where row_status = 'quarantined'
    {%- endfor %}
),

rejected_and_quarantined as (
    select * from rejected
    union all
    select * from quarantined
),

quarantine as (
    select
        export,
        file,
        column_name as {{ quoted('column') }},
        reason,
        kind,
        -- in a row shifted by a column, an address is where nobody expects it
        case when raw_value like '%@%' then '(personal data)' else raw_value end as raw_value,
        run_id,
        cast(line as bigint) as line
    from rejected_and_quarantined
)

select * from quarantine
