-- depends_on: {{ ref('sessions') }}
{# What became of every loaded row of every export. -#}
with uses as (
    {%- for export in ['order', 'refund'] %}
    {{ 'union all' if not loop.first }}
    select
        '{{ export }}s' as export,
        row_status,
        money_use,
        is_without_customer,
        is_identical,
        row_count,
        amount
    from {{ ref(export ~ '_row_accounting') }}
    {%- endfor %}
    {%- for export in ['session', 'event'] %}
    union all
    select
        '{{ export }}s' as export,
        row_status,
        row_status as money_use,
        false as is_without_customer,
        false as is_identical,
        count(*) as row_count,
        null as amount
    from {{ ref('stg_' ~ export ~ '_rows') }}
    where row_status <> 'used'
    group by row_status
    {%- if export == 'event' or var('sessions_mapped') %}
    union all
    select
        '{{ export }}s' as export,
        'used' as row_status,
        'used' as money_use,
        customer_id is null as is_without_customer,
        false as is_identical,
        count(*) as row_count,
        null as amount
    from {{ ref(export ~ 's') }}
    group by customer_id is null
    {%- endif %}
    {%- endfor %}
    {%- for export, told in exports().items() %}
    {%- if export not in ['orders', 'refunds', 'sessions', 'events'] %}
    union all
    select
        '{{ export }}' as export,
        row_status,
        row_status as money_use,
        false as is_without_customer,
        false as is_identical,
        count(*) as row_count,
        null as amount
    from {{ ref(told.staged) }}
    group by row_status
    {%- endif %}
    {%- endfor %}
)

select * from uses
