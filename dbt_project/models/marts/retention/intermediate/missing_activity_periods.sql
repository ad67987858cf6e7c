{#- Who came back in a period, and who stayed away, is told by that period and the one before. -#}
with missing as (
    select * from {{ ref('missing_activity_days') }}
),

periods as (
    select * from {{ ref('calendar_periods') }}
),

touched as (
    select
        missing.activity,
        periods.period,
        periods.period_index
    from missing
    inner join periods
        on missing.missing_date between periods.period_start and periods.period_end
),

spoilt as (
    select
        activity,
        period,
        period_index
    from touched
    union
    select
        activity,
        period,
        period_index + 1 as period_index
    from touched
)

select * from spoilt
