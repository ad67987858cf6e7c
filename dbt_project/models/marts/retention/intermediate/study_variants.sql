{#- A copy of each study over the recalled facts, known now and known then, makes the retention
    models compute both without any code of their own; cohort_retention shows the studies alone. -#}
with shipped as (
    select * from {{ ref('retention_studies') }}
),

configured as (
    select * from {{ source('ledger', 'studies') }}
),

-- those of exports.yml, and the shipped ones they do not replace
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
),

variants as (
    select
        *,
        study as base_study,
        cast(null as string) as known,
        'order' as revenue_activity
    from studies
    {%- for known in ['now', 'then'] %}
    union all
    select
        study || '@{{ known }}' as study,
        start_activity || '@{{ known }}' as start_activity,
        return_activity || '@{{ known }}' as return_activity,
        entry,
        min_occurrences,
        bucket,
        study as base_study,
        '{{ known }}' as known,
        'order@{{ known }}' as revenue_activity
    from studies
    {%- endfor %}
)

select * from variants
