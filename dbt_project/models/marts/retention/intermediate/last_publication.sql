with runs as (
    select * from {{ source('ledger', 'runs') }}
),

numbered as (
    select
        max(run_number) as run_number,
        max(case when is_published then run_number end) as published_run_number
    from runs
),

publication as (
    select
        newest.run_id,
        published.run_number as published_run_number,
        published.definitions <> newest.definitions as is_redefined,
        published.as_of_date
    from numbered
    inner join runs as newest on numbered.run_number = newest.run_number
    inner join runs as published on numbered.published_run_number = published.run_number
)

select * from publication
