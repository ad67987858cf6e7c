-- depends_on: {{ ref('sessions') }}
{# What became of every loaded row of every export. -#}
with uses as (
    select
        'orders' as export,
        row_status,
        money_use,
        is_without_customer,
        is_identical,
        row_count,
        amount
    from {{ ref('order_row_uses') }}
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
    union all
    select
        'customers' as export,
        row_status,
        row_status as money_use,
        false as is_without_customer,
        false as is_identical,
        count(*) as row_count,
        null as amount
    from {{ ref('stg_customer_rows') }}
    group by row_status
)

select * from uses
