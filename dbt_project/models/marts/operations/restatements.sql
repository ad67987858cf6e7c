{#- Why: what touched customers of the cohort; where these have left it, what touched anybody. -#}
{%- set causes = ['late rows', 'refund', 'merge'] -%}
with cells as (
    select * from {{ ref('restated_cells') }}
),

publication as (
    select * from {{ ref('last_publication') }}
),

new_runs as (
    select runs.run_id, publication.as_of_date
    from {{ source('ledger', 'runs') }} as runs
    inner join publication on runs.run_number > publication.published_run_number
),

-- rows that came since the last publication for days it covered, by whom they touch
touching as (
    select orders.customer_id, 'late rows' as cause
    from {{ ref('stg_order_rows') }} as order_rows
    inner join new_runs on order_rows._run_id = new_runs.run_id
    inner join {{ ref('orders') }} as orders on order_rows.order_id = orders.order_id
    where orders.order_date <= new_runs.as_of_date
    union
    select sessions.customer_id, 'late rows' as cause
    from {{ ref('stg_session_rows') }} as session_rows
    inner join new_runs on session_rows._run_id = new_runs.run_id
    inner join {{ ref('sessions') }} as sessions on session_rows.session_id = sessions.session_id
    where sessions.known_on <= new_runs.as_of_date
    union
    select events.customer_id, 'late rows' as cause
    from {{ ref('stg_event_rows') }} as event_rows
    inner join new_runs on event_rows._run_id = new_runs.run_id
    inner join {{ ref('events') }} as events on event_rows.event_id = events.event_id
    where events.known_on <= new_runs.as_of_date
    union
    select refunds.customer_id, 'refund' as cause
    from {{ ref('stg_refund_rows') }} as refund_rows
    inner join new_runs on refund_rows._run_id = new_runs.run_id
    inner join {{ ref('refunds') }} as refunds on refund_rows.refund_id = refunds.refund_id
    where refunds.refund_date <= new_runs.as_of_date
    union
    select refunds.customer_id, 'refund' as cause
    from {{ ref('stg_order_rows') }} as order_rows
    inner join new_runs on order_rows._run_id = new_runs.run_id
    inner join {{ ref('refunds') }} as refunds on order_rows.order_id = refunds.refund_id
    where refunds.refund_date <= new_runs.as_of_date
    union
    select survivors.survivor_id as customer_id, 'merge' as cause
    from {{ ref('stg_customer_rows') }} as customer_rows
    inner join new_runs on customer_rows._run_id = new_runs.run_id
    inner join {{ ref('customer_merges') }} as survivors
        on customer_rows.customer_id = survivors.customer_id
    union
    select customer_rows.customer_id, 'late rows' as cause
    from {{ ref('stg_customer_rows') }} as customer_rows
    inner join new_runs on customer_rows._run_id = new_runs.run_id
    where {{ business_date('customer_rows.signed_up_at') }} <= new_runs.as_of_date
),

touched as (
    select * from touching
    where customer_id is not null
),

entries as (
    select distinct entries.study, entries.period, entries.cohort_index, touched.cause
    from {{ ref('cohort_entries') }} as entries
    inner join {{ ref('customer_keys') }} as customers
        on entries.customer_key = customers.customer_key
    inner join touched on customers.customer_id = touched.customer_id
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
    cross join publication
    union all
    select
        run_id, mart, study, bucket, period, segment_name, segment_value, period_number,
        old_cohort_size, new_cohort_size, old_retained_customers, new_retained_customers,
        old_revenue, new_revenue, cause, cohort_start
    from {{ source('ledger', 'published_restatements') }}
)

select * from restatements
