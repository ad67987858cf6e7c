{%- set cell = 'partition by replicates.segment, replicates.horizon_days' -%}
with samples as (
    select
        *,
        sum(revenue) over (partition by segment, horizon_days) as all_revenue,
        sum(members) over (partition by segment, horizon_days) as all_members
    from {{ ref('segment_value_samples') }}
),

means as (
    select
        segment,
        horizon_days,
        sum(members) as members,
        {{ ratio('sum(revenue)', 'sum(members)') }} as mean_value,
        sqrt(sum(power(
            cast(revenue as double) - {{ ratio('all_revenue * members', 'all_members') }}, 2
        ))) / sum(members) as standard_error
    from samples
    group by segment, horizon_days
),

-- replicates in which everybody spent the same say nothing about how far apart means lie
ranked as (
    select
        replicates.segment,
        replicates.horizon_days,
        replicates.shift / replicates.standard_error as deviation,
        row_number() over (
            {{ cell }}
            order by replicates.shift / replicates.standard_error, replicates.replicate
        ) as deviation_rank,
        count(*) over ({{ cell }}) as replicates
    from {{ ref('segment_value_replicates') }} as replicates
    inner join means
        on
            replicates.segment = means.segment
            and replicates.horizon_days = means.horizon_days
            and replicates.standard_error > 1e-6 * means.standard_error
),

bounds as (
    select
        segment,
        horizon_days,
        max(case when deviation_rank = ceil(0.025 * replicates) then deviation end) as lowest,
        max(case when deviation_rank = replicates + 1 - ceil(0.025 * replicates) then deviation end)
            as highest
    from ranked
    group by segment, horizon_days
),

intervals as (
    select
        means.*,
        means.mean_value - coalesce(bounds.highest, 0) * means.standard_error as mean_low,
        means.mean_value - coalesce(bounds.lowest, 0) * means.standard_error as mean_high
    from means
    left join bounds
        on means.segment = bounds.segment and means.horizon_days = bounds.horizon_days
)

select * from intervals
