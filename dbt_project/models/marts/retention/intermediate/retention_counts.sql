with offsets as (
    select * from {{ ref('retention_offsets') }}
),

segments as (
    select * from {{ ref('customer_segments') }}
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
    from limited
    group by
        study, period, segment_name, segment_value, cohort_index,
        least(period_number, last_period_number)
)

select * from counts
