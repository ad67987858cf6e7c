{#- Materialized as a view: entries times all that followed is the largest relation of all. -#}
{{ config(materialized='view') }}

with entries as (
    select * from {{ ref('retention_entries') }}
),

returns as (
    select * from {{ ref('retention_returns') }}
),

studies as (
    select study, revenue_activity from {{ ref('study_views') }}
    where bucket = 'calendar'
),

-- came back, came back for the last time, spent: one join with these facts counts all three
facts as (
    select
        study, period, customer_id, period_index,
        1 as returns, case when is_last then 1 else 0 end as last_returns, 0 as revenue
    from returns
    union all
    select
        study, period, customer_id, max(period_index) as period_index,
        0 as returns, 1 as last_returns, 0 as revenue
    from returns
    where is_last is null
    group by study, period, customer_id
    union all
    select
        studies.study, periods.period, periods.customer_id, periods.period_index,
        0 as returns, 0 as last_returns, periods.revenue
    from {{ ref('viewed_periods') }} as periods
    inner join studies on periods.activity = studies.revenue_activity
),

offsets as (
    select
        entries.study,
        entries.period,
        entries.customer_id,
        entries.cohort_index,
        facts.period_index - entries.cohort_index as period_number,
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
    union all
    select
        study,
        period,
        customer_id,
        cohort_index,
        period_number,
        returns,
        last_returns,
        revenue
    from {{ ref('elapsed_offsets') }}
)

select * from offsets
