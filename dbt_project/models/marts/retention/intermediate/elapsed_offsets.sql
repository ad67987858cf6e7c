{#- Spans of 24 hours, 7 and 30 days, each counted from the customer's own start to the
    microsecond: coming back at 00:01 after a start at 23:45 is span 0. -#}
with entries as (
    select * from {{ ref('elapsed_entries') }}
),

studies as (
    select * from {{ ref('study_views') }}
),

moments as (
    select * from {{ ref('activity_moments') }}
),

followed as (
    select
        entries.study,
        entries.period,
        entries.customer_id,
        entries.cohort_index,
        {{ elapsed_days('entries.period') }} as days_in_span,
        {{ microseconds('moments.occurred_at') }} - {{ microseconds('entries.entered_at') }}
            as microseconds_elapsed,
        case when moments.activity = studies.return_activity then moments.occurrences else 0 end
            as occurrences,
        case when moments.activity = studies.revenue_activity then moments.revenue else 0 end
            as revenue,
        studies.min_occurrences
    from entries
    inner join studies on entries.study = studies.study
    inner join moments
        on
            entries.customer_id = moments.customer_id
            and entries.entered_at <= moments.occurred_at
    where moments.activity in (studies.return_activity, studies.revenue_activity)
),

numbered as (
    select
        *,
        cast(floor(cast(microseconds_elapsed as double) / (86400e6 * days_in_span)) as int)
            as period_number
    from followed
),

spans as (
    select
        study, period, customer_id, cohort_index, period_number,
        case when sum(occurrences) >= min(min_occurrences) then 1 else 0 end as returns,
        sum(revenue) as revenue
    from numbered
    group by study, period, customer_id, cohort_index, period_number
),

ranked as (
    select
        *,
        max(case when returns = 1 then period_number end) over (
            partition by study, period, customer_id, cohort_index
        ) as last_period_number
    from spans
),

offsets as (
    select
        study, period, customer_id, cohort_index, period_number,
        returns,
        case when returns = 1 and period_number = last_period_number then 1 else 0 end
            as last_returns,
        revenue
    from ranked
)

select * from offsets
