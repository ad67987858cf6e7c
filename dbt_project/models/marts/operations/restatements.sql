{#- Why: what touched customers of the cohort; where these left it, what touched anybody. -#}
{%- set causes = ['late rows', 'refund', 'merge'] -%}
with cells as (
    select * from {{ ref('restated_cells') }}
),

touched as (
    select * from {{ ref('touched_customers') }}
),

entries as (
    select distinct entries.study, entries.period, entries.cohort_index, touched.cause
    from {{ ref('retention_entries') }} as entries
    inner join touched on entries.customer_id = touched.customer_id
),

found as (
    select study, period, cohort_index, cause from entries
    union all
    select distinct null as study, null as period, null as cohort_index, cause from touched
),

told as (
    select
        study, period, cohort_index,
        {% for cause in causes -%}
        max(case when cause = '{{ cause }}' then '{{ cause }}, ' else '' end)
        {{- ' || ' if not loop.last }}
        {%- endfor %} as causes
    from found
    group by study, period, cohort_index
),

caused as (
    select
        cells.*,
        coalesce(of_cohort.causes, of_anybody.causes, 'rows withdrawn, ') as causes
    from cells
    left join told as of_cohort
        on
            cells.study = of_cohort.study and cells.period = of_cohort.period
            and cells.cohort_index = of_cohort.cohort_index
    left join told as of_anybody on of_anybody.study is null
),

restatements as (
    select
        publication.run_id, 'cohort_retention' as mart, caused.study, caused.bucket, caused.period,
        'all' as segment_name, 'all' as segment_value, caused.period_number,
        {%- for figure in ['cohort_size', 'retained_customers'] %}
        cast(caused.old_{{ figure }} as bigint) as old_{{ figure }},
        cast(caused.new_{{ figure }} as bigint) as new_{{ figure }},
        {%- endfor %}
        {{ money('caused.old_revenue') }} as old_revenue,
        {{ money('caused.new_revenue') }} as new_revenue,
        case
            when publication.is_redefined then 'definition'
            else left(caused.causes, length(caused.causes) - 2)
        end as cause,
        caused.cohort_start
    from caused
    cross join {{ ref('last_publication') }} as publication
    union all
    select
        run_id, mart, study, bucket, period, segment_name, segment_value, period_number,
        old_cohort_size, new_cohort_size, old_retained_customers, new_retained_customers,
        old_revenue, new_revenue, cause, cohort_start
    from {{ source('ledger', 'published_restatements') }}
)

select * from restatements
