{%- set terms = [
    ('duplicate', 'duplicate'),
    ('superseded', 'superseded'),
    ('quarantined', 'quarantined'),
    ('not_counted', 'cancelled or pending'),
    ('after_as_of', 'after as_of_date'),
    ('refunded_by_status', 'refunded by status'),
    ('without_customer', 'without customer'),
    ('without_order', 'customers without an order'),
    ('in_cohorts', 'cohort revenue'),
] -%}
with accounting as (
    select * from {{ ref('source_accounting') }}
    where amount_in_files is not null
),

uses as (
    select money_use, sum(row_count) as row_count, sum(amount) as amount
    from {{ ref('row_accounting') }}
    where export in ('orders', 'refunds')
    group by money_use
),

cohorts as (
    select coalesce(sum(revenue), 0) as revenue from {{ ref('cohort_value') }}
),

terms as (
    {%- for use, term in terms %}
    {{ 'union all' if not loop.first }}
    select {{ loop.index + 1 }} as term_number, '{{ use }}' as money_use, '{{ term }}' as term
    {%- endfor %}
),

told as (
    select
        0 as term_number,
        'in files' as term,
        sum(rows_in_files) as row_count,
        sum(amount_in_files) as amount
    from accounting
    union all
    select
        1 as term_number,
        'rejected' as term,
        sum(rows_rejected) as row_count,
        sum(amount_rejected) as amount
    from accounting
    union all
    select
        terms.term_number,
        terms.term,
        uses.row_count,
        case when terms.money_use = 'in_cohorts' then cohorts.revenue else uses.amount end
            as amount
    from terms
    cross join cohorts
    left join uses on terms.money_use = uses.money_use
),

money_identity as (
    select
        term,
        cast(term_number as int) as term_number,
        cast(coalesce(row_count, 0) as bigint) as row_count,
        {{ money('coalesce(amount, 0)') }} as amount
    from told
    where exists (select 1 from accounting)
)

select * from money_identity
