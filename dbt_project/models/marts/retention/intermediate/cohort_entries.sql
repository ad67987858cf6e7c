{{ config(materialized='view') }}

with studies as (
    select * from {{ ref('study_variants') }}
),

gaps as (
    select * from {{ ref('viewed_gaps') }}
),

-- the first day of all enters every study; of later ones, the first in its period a recurring one
entries as (
    {%- for period in ['day', 'week', 'month'] %}
    {%- set outer_loop = loop %}
    {%- for studied, enters in [
        ('', 'gaps.previous_index is null'),
        (" and studies.entry = 'recurring'", 'gaps.previous_index is not null and ' ~ begins(period, 'gaps')),
    ] %}
    {{ 'union all' if not (loop.first and outer_loop.first) }}
    select
        studies.study,
        '{{ period }}' as period,
        gaps.customer_key,
        {{ period_of(period, 'gaps.day_index') }} as cohort_index
    from gaps
    inner join studies on gaps.activity_key = studies.start_key{{ studied }}
    where {{ enters }}
    {%- endfor %}
    {%- endfor %}
)

select * from entries
