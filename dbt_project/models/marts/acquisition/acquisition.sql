{#- What stands in for costs that nobody tells. -#}
{%- set stand_in = 'setting' if var('gross_margin') | float < 1 else 'revenue' -%}
with steps as (
    select * from {{ ref('session_steps') }}
),

cohorts as (
    select * from {{ ref('acquired_cohorts') }}
),

spending as (
    select * from {{ ref('spend_months') }}
),

-- a visitor is new at the first visit ever, and counts for its source
numbered as (
    select
        session_id,
        visitor_id,
        source,
        row_number() over (partition by visitor_id order by started_at, session_id) as visit_number,
        month
    from steps
),

visits as (
    select
        source,
        cast(count(*) as bigint) as sessions,
        cast(count(distinct visitor_id) as bigint) as visitors,
        cast(count(*) filter (where visitor_id is not null and visit_number = 1) as bigint)
            as new_visitors,
        month
    from numbered
    group by source, month
),

sources as (
    select source from visits
    union
    select source from cohorts
    union
    select source from spending
),

-- before the first and after the last reported spending, what was spent is unknown
coverage as (
    select min(month) as first_month, max(month) as last_month from spending
),

counted as (
    select
        sources.source,
        coalesce(visits.sessions, 0) as sessions,
        coalesce(visits.visitors, 0) as visitors,
        coalesce(visits.new_visitors, 0) as new_visitors,
        coalesce(cohorts.new_customers, 0) as new_customers,
        coalesce(cohorts.revenue, 0) as revenue,
        coalesce(cohorts.margin, 0) as margin,
        cohorts.has_costs,
        case
            when months.period_start between coverage.first_month and coverage.last_month
                then coalesce(spending.spend, 0)
        end as spend,
        months.is_complete,
        months.period_start as month,
        cohorts.payback_month
    from sources
    inner join {{ ref('calendar_periods') }} as months on months.period = 'month'
    cross join coverage
    left join visits on sources.source = visits.source and months.period_start = visits.month
    left join cohorts on sources.source = cohorts.source and months.period_start = cohorts.month
    left join spending on sources.source = spending.source and months.period_start = spending.month
),

acquisition as (
    select
        source,
        cast(sessions as bigint) as sessions,
        cast(visitors as bigint) as visitors,
        cast(new_visitors as bigint) as new_visitors,
        cast(new_customers as bigint) as new_customers,
        {{ money('spend') }} as spend,
        {{ ratio('case when is_complete then spend end', 'new_customers') }} as cac,
        {{ money('revenue') }} as revenue_to_date,
        {{ money('margin') }} as margin_to_date,
        case
            when has_costs then 'cost of goods'
            when not has_costs then '{{ stand_in }}'
        end as margin_basis,
        {{ ratio('margin', 'new_customers') }} as ltv_to_date,
        {{ ratio('case when is_complete and new_customers > 0 then margin end', 'spend') }}
            as ltv_to_cac,
        {{ ratio('case when is_complete then margin - spend end', 'spend') }} as roi,
        cast(
            {{ month_number('payback_month') }} - {{ month_number('month') }} as int
        ) as months_to_payback,
        is_complete,
        month,
        payback_month
    from counted
)

select * from acquisition
