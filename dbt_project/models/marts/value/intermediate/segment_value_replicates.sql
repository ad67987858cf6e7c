with samples as (
    select * from {{ ref('segment_value_samples') }}
),

{{ bootstrap_replicates('samples', ['segment', 'horizon_days'], 'revenue') }}

select * from replicates
