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

-- a study may name what nobody ever did
keyed as (
    select
        studies.*,
        starts.activity_key as start_key,
        returns.activity_key as return_key,
        orders.activity_key as revenue_key
    from studies
    left join {{ ref('activity_keys') }} as starts on studies.start_activity = starts.activity
    left join {{ ref('activity_keys') }} as returns on studies.return_activity = returns.activity
    left join {{ ref('activity_keys') }} as orders on orders.activity = 'order'
),

variants as (
    select
        *,
        study as base_study,
        cast(null as string) as known
    from keyed
    {%- for known in ['now', 'then'] %}
    union all
    select
        study || '@{{ known }}' as study,
        start_activity || '@{{ known }}' as start_activity,
        return_activity || '@{{ known }}' as return_activity,
        entry,
        min_occurrences,
        bucket,
        {%- for role in ['start', 'return', 'revenue'] %}
        {{ recalled_key(role ~ '_key', known) }} as {{ role }}_key,
        {%- endfor %}
        study as base_study,
        '{{ known }}' as known
    from keyed
    {%- endfor %}
),

numbered as (
    select
        *,
        cast(row_number() over (order by study) as int) as study_key
    from variants
)

select * from numbered
