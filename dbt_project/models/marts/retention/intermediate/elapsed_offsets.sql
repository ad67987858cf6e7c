{#- Spans of 24 hours, 7 and 30 days, each counted from the customer's own start to the
    microsecond: coming back at 00:01 after a start at 23:45 is span 0. -#}
with studies as (
    select * from {{ ref('study_variants') }}
    where bucket = 'elapsed'
),

cohorts as (
    select * from {{ ref('cohort_entries') }}
),

-- orders show what the customers of a cohort spent, whatever the study is about
named as (
    select start_key as activity_key from studies
    union
    select return_key as activity_key from studies
    union
    select revenue_key as activity_key from studies
),

-- of what elapsed studies name; days are enough for all others
moments as (
    select
        facts.customer_key, named.activity_key, facts.occurrences, facts.revenue, facts.occurred_at
    from {{ ref('activity_facts') }} as facts
    inner join named on named.activity_key in (facts.activity_key, 0)
    union all
    select
        facts.customer_key, named.activity_key, facts.occurrences, facts.revenue, facts.occurred_at
    from {{ ref('recalled_facts') }} as facts
    inner join named on facts.activity_key = named.activity_key
),

-- the first start activity in the period of the cohort
entries as (
    select
        cohorts.study,
        cohorts.period,
        cohorts.customer_key,
        cohorts.cohort_index,
        min(moments.occurred_at) as entered_at
    from cohorts
    inner join studies on cohorts.study = studies.study
    inner join moments
        on
            cohorts.customer_key = moments.customer_key
            and studies.start_key = moments.activity_key
            and moments.occurrences > 0
            and cohorts.cohort_index
            = {{ period_index('cohorts.period', business_date('moments.occurred_at')) }}
    group by cohorts.study, cohorts.period, cohorts.customer_key, cohorts.cohort_index
),

followed as (
    select
        entries.study,
        entries.period,
        entries.customer_key,
        entries.cohort_index,
        {{ elapsed_days('entries.period') }} as days_in_span,
        {{ microseconds('moments.occurred_at') }} - {{ microseconds('entries.entered_at') }}
            as microseconds_elapsed,
        case when moments.activity_key = studies.return_key then moments.occurrences else 0 end
            as occurrences,
        case when moments.activity_key = studies.revenue_key then moments.revenue else 0 end
            as revenue,
        studies.min_occurrences
    from entries
    inner join studies on entries.study = studies.study
    inner join moments
        on
            entries.customer_key = moments.customer_key
            and entries.entered_at <= moments.occurred_at
    where moments.activity_key in (studies.return_key, studies.revenue_key)
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
        study, period, customer_key, cohort_index, period_number,
        case when sum(occurrences) >= min(min_occurrences) then 1 else 0 end as returns,
        sum(revenue) as revenue
    from numbered
    group by study, period, customer_key, cohort_index, period_number
),

ranked as (
    select
        *,
        max(case when returns = 1 then period_number end) over (
            partition by study, period, customer_key, cohort_index
        ) as last_period_number
    from spans
),

offsets as (
    select
        study, period, customer_key, cohort_index, period_number,
        returns,
        case when returns = 1 and period_number = last_period_number then 1 else 0 end
            as last_returns,
        revenue
    from ranked
)

select * from offsets
