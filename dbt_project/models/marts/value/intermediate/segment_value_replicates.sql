{#- Bootstrap-t: how far the mean of a replicate lies from the mean, in units of the replicate's own
    standard error. Money is skewed, and plain percentiles of means miss the truth too often. Efron
    (1982), The jackknife, the bootstrap and other resampling plans, chapter 10. -#}
with samples as (
    select
        *,
        sum(members) over (partition by segment, horizon_days) as all_members,
        sum(revenue) over (partition by segment, horizon_days) as all_revenue
    from {{ ref('segment_value_samples') }}
),

-- of each group: its size, and how much more it spent than as many average customers
centred as (
    select
        segment,
        horizon_days,
        sample_group,
        cast(members as double) as size,
        cast(revenue as double) - {{ ratio('all_revenue * members', 'all_members') }} as excess
    from samples
),

sums as (
    select
        centred.segment,
        centred.horizon_days,
        weights.replicate,
        sum(weights.weight * centred.size) as size,
        sum(weights.weight * centred.excess) as excess,
        sum(weights.weight * centred.size * centred.size) as size_size,
        sum(weights.weight * centred.size * centred.excess) as size_excess,
        sum(weights.weight * centred.excess * centred.excess) as excess_excess
    from centred
    inner join {{ ref('bootstrap_weights') }} as weights
        on centred.sample_group = weights.sample_group
    group by centred.segment, centred.horizon_days, weights.replicate
),

shifted as (
    select *, excess / size as shift
    from sums
),

replicates as (
    select
        segment,
        horizon_days,
        replicate,
        shift,
        sqrt(greatest(
            0e0, excess_excess - 2e0 * shift * size_excess + shift * shift * size_size
        )) / size as standard_error
    from shifted
)

select * from replicates
