with shipped as (
    select * from {{ ref('retention_studies') }}
),

configured as (
    select * from {{ source('ledger', 'studies') }}
),

studies as (
    select
        study,
        start_activity,
        return_activity,
        entry,
        cast(min_occurrences as int) as min_occurrences,
        bucket
    from configured
    union all
    select
        study,
        start_activity,
        return_activity,
        entry,
        cast(min_occurrences as int) as min_occurrences,
        bucket
    from shipped
    where study not in (select configured.study from configured)
)

select * from studies
