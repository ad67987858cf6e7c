{#- The first need that is not met is the reason; where all are, it lies in what was delivered. -#}
{%- for mart in var('marts') if mart != this.name %}
-- depends_on: {{ ref(mart) }}
{%- endfor %}
with mart_rows as (
    {%- for mart, needed in mart_needs().items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ mart }}' as mart,
        '{{ one_of_each(needed.exports) }}' as needs,
        '{{ needed.else }}' as otherwise,
        count(*) as row_count
    from {{ ref(mart) }}
    {%- endfor %}
),

needed_exports as (
    {%- set selects = [] %}
    {%- for mart, needed in mart_needs().items() %}
    {%- for exports in needed.exports %}
    {%- set need = "select '" ~ mart ~ "' as mart, " ~ loop.index ~ " as need" %}
    {%- for export in exports %}
    {%- do selects.append(need ~ ", '" ~ one_of(exports) ~ "' as exports, '"
        ~ export ~ "' as export") %}
    {%- endfor %}
    {%- endfor %}
    {%- endfor %}
    {{ selects | join('\n    union all\n    ') }}
),

needs as (
    select
        needed_exports.mart,
        needed_exports.need,
        needed_exports.exports,
        max(accounting.export) as mapped_export,
        coalesce(max(accounting.rows_used), 0) > 0 as is_met
    from needed_exports
    left join {{ ref('source_accounting') }} as accounting
        on needed_exports.export = accounting.export
    group by needed_exports.mart, needed_exports.need, needed_exports.exports
),

unmet as (
    select
        mart,
        coalesce(
            mapped_export || ' is mapped, but no row of it could be used',
            'no export of ' || exports || ' is mapped'
        ) as reason,
        row_number() over (partition by mart order by need) as reason_number
    from needs
    where not is_met
),

mart_availability as (
    select
        mart_rows.mart,
        cast(mart_rows.row_count as bigint) as {{ quoted('rows') }},
        mart_rows.needs,
        case when mart_rows.row_count = 0 then coalesce(unmet.reason, mart_rows.otherwise) end
            as reason,
        mart_rows.row_count > 0 as is_filled
    from mart_rows
    left join unmet on mart_rows.mart = unmet.mart and unmet.reason_number = 1
)

select * from mart_availability
