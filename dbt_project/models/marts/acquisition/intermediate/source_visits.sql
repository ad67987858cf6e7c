{#- A visitor is new with the first visit ever, and to its source. -#}
with sessions as (
    select
        session_id,
        visitor_id,
        source,
        row_number() over (partition by visitor_id order by started_at, session_id) as visit_number,
        month
    from {{ ref('session_steps') }}
),

source_visits as (
    select
        source,
        cast(count(*) as bigint) as sessions,
        cast(count(distinct visitor_id) as bigint) as visitors,
        cast(count(*) filter (where visitor_id is not null and visit_number = 1) as bigint)
            as new_visitors,
        month
    from sessions
    group by source, month
)

select * from source_visits
