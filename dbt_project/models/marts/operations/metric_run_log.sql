with runs as (
    select * from {{ source('ledger', 'runs') }}
),

-- what a run published is only known when it does so: publishing fills in the newest run's row
metric_run_log as (
    select
        run_id,
        definitions,
        settings,
        accepted,
        warned,
        cast(run_number as int) as run_number,
        cast(marts_rows as bigint) as {{ quoted('rows') }},
        cast(checks_passed as bigint) as checks_passed,
        cast(checks_failed as bigint) as checks_failed,
        is_published as published,
        as_of_date,
        started_at
    from runs
)

select * from metric_run_log
