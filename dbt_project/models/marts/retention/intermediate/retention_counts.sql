with studies as (
    select * from {{ ref('study_variants') }}
    where bucket = 'calendar'
),

periods as (
    select * from {{ ref('viewed_periods') }}
),

entries as (
    select * from {{ ref('cohort_entries') }}
),

segments as (
    select * from {{ ref('customer_segments') }}
),

returns as (
    select
        studies.study,
        periods.period,
        periods.customer_id,
        periods.period_index,
        case when studies.min_occurrences = 1 then periods.next_index is null end as is_last
    from periods
    inner join studies
        on
            periods.activity = studies.return_activity
            and periods.occurrences >= studies.min_occurrences
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
    from periods
    inner join studies on periods.activity = studies.revenue_activity
),

-- entries times all that followed: the largest relation of all, never kept
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
),

limited as (
    select
        offsets.study,
        offsets.period,
        segments.segment_name,
        segments.segment_value,
        offsets.cohort_index,
        offsets.period_number,
        {{ retention_limit('offsets.period') }} as last_period_number,
        offsets.returns,
        offsets.last_returns,
        offsets.revenue
    from offsets
    inner join segments on offsets.customer_id = segments.customer_id
),

-- whoever came back for the last time beyond the last offset shown did so after all of them
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
    from limited
    group by
        study, period, segment_name, segment_value, cohort_index,
        least(period_number, last_period_number)
)

select * from counts
