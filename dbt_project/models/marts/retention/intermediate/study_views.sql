{#- A copy of each study over the recalled facts, known now and known then, makes the retention
    models tell both without a line of their own; cohort_retention shows the studies alone. -#}
with studies as (
    select * from {{ ref('stg_studies') }}
),

views as (
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

select * from views
