{#- What shops spell in several ways, differing in case, blanks or Unicode form. Ids stay exact. -#}
{%- set spelt = {
    'source': [
        ('orders', 'source'), ('sessions', 'source'), ('events', 'source'),
        ('customers', 'acquisition_source'), ('marketing_spend', 'source'),
    ],
    'medium': [('sessions', 'medium')],
    'campaign': [
        ('orders', 'campaign'), ('sessions', 'campaign'), ('events', 'campaign'),
        ('messages', 'campaign'), ('marketing_spend', 'campaign'), ('coupons', 'campaign'),
        ('orders', 'coupon_code'), ('coupons', 'coupon_code'),
    ],
    'device': [('orders', 'device'), ('sessions', 'device'), ('events', 'device')],
    'channel': [('orders', 'channel')],
    'country': [('orders', 'country'), ('sessions', 'country'), ('customers', 'country')],
    'plan': [('subscriptions', 'plan')],
} -%}
with counts as (
    {%- for kind, columns in spelt.items() %}
    {%- set outer_loop = loop %}
    {%- for export, column in columns %}
    {{ 'union all' if not (loop.first and outer_loop.first) }}
    select '{{ kind }}' as kind, {{ column }} as written, count(*) as occurrences
    from {{ source('raw', export) }}
    where {{ column }} is not null
    group by {{ column }}
    {%- endfor %}
    {%- endfor %}
),

written_forms as (
    select
        kind,
        written,
        {{ folded('written') }} as folded,
        sum(occurrences) as occurrences
    from counts
    group by kind, written
),

ranked as (
    select
        *,
        first_value(written) over (
            partition by kind, folded order by occurrences desc, written asc
        ) as shown
    from written_forms
),

spellings as (
    select kind, written, shown
    from ranked
    where written <> shown
)

select * from spellings
