{#- What the customers of a cohort did in each later period: came back, came back for the last
    time, spent. One join of entries with these facts counts all three. -#}
with entries as (
    select
        entries.*,
        segments.segment_name,
        segments.segment_value
    from {{ ref('retention_entries') }} as entries
    inner join {{ ref('customer_segments') }} as segments
        on entries.customer_id = segments.customer_id
),

returns as (
    select * from {{ ref('retention_returns') }}
),

studies as (
    select study from {{ ref('stg_studies') }}
),

facts as (
    select study, period, customer_id, period_index, 1 as returns, 0 as last_returns, 0 as revenue
    from returns
    union all
    select
        study, period, customer_id, max(period_index) as period_index,
        0 as returns, 1 as last_returns, 0 as revenue
    from returns
    group by study, period, customer_id
    union all
    select
        studies.study, periods.period, periods.customer_id, periods.period_index,
        0 as returns, 0 as last_returns, periods.revenue
    from {{ ref('customer_activity_periods') }} as periods
    cross join studies
    where periods.activity = 'order'
),

offsets as (
    select
        entries.study,
        entries.period,
        entries.segment_name,
        entries.segment_value,
        entries.cohort_index,
        facts.period_index - entries.cohort_index as period_number,
        {{ retention_limit('entries.period') }} as last_period_number,
        facts.returns,
        facts.last_returns,
        facts.revenue
    from entries
    inner join facts
        on
            entries.study = facts.study
            and entries.period = facts.period
            and entries.customer_id = facts.customer_id
            and entries.cohort_index <= facts.period_index
),

-- whoever came back for the last time beyond the last offset shown, did so after all of them
counts as (
    select
        study,
        period,
        segment_name,
        segment_value,
        cohort_index,
        least(period_number, last_period_number) as period_number,
        sum(case when period_number <= last_period_number then returns else 0 end)
            as returned_customers,
        sum(last_returns) as last_returned_customers,
        sum(case when period_number <= last_period_number then revenue else 0 end) as revenue
    from offsets
    group by
        study, period, segment_name, segment_value, cohort_index,
        least(period_number, last_period_number)
)

select * from counts
