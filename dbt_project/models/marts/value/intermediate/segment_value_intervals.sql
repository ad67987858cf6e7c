with samples as (
    select * from {{ ref('segment_value_samples') }}
),

drawn as (
    select * from {{ ref('segment_value_replicates') }}
),

{{ bootstrap_intervals('samples', 'drawn', ['segment', 'horizon_days'], 'revenue') }}

select * from intervals
