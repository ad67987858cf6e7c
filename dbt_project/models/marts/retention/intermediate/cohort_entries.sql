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
    {{ 'union all' if not loop.first }}
    select
        studies.study,
        '{{ period }}' as period,
        gaps.customer_key,
        {{ period_of(period, 'gaps.day_index') }} as cohort_index
    from gaps
    inner join studies on gaps.activity_key = studies.start_key
    where gaps.previous_index is null
    union all
    select
        studies.study,
        '{{ period }}' as period,
        gaps.customer_key,
        {{ period_of(period, 'gaps.day_index') }} as cohort_index
    from gaps
    inner join studies on gaps.activity_key = studies.start_key and studies.entry = 'recurring'
    where gaps.previous_index is not null and {{ begins(period, 'gaps') }}
    {%- endfor %}
)

select * from entries
