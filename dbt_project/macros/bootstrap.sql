{# Bootstrap-t intervals of means. They start from `samples`: a row per cell (columns `keys`) and
   group that its customers were dealt into (`sample_group`), with how many `members` it has and
   what they come to, in column `total`. A bootstrap of groups costs the same for any number of
   customers, and is one of customers where each of them is a group of their own. #}

{# The group that a customer is dealt into, by a hash, one after the other among those of `cell`
   (of all), by `part` of it: groups of a cell, and of each part, differ by one customer at most. #}
{% macro dealt_group(cell=none, part=none) -%}
{%- set order = [part] if part else [] -%}
row_number() over (
            {{ 'partition by ' ~ cell if cell }}
            order by {{ (order + ['md5(customer_id)', 'customer_id']) | join(', ') }}
        ) % {{ var('bootstrap_groups') }}
{%- endmacro %}

{# How far the mean of each replicate lies from the mean of its cell, and how far it may be off by
   its own reckoning. Efron (1982), The jackknife, the bootstrap and other resampling plans,
   chapter 10. #}
{% macro bootstrap_replicates(samples, keys, total) -%}
{%- set cell = keys | join(', ') -%}
sampled as (
    select
        *,
        sum(members) over (partition by {{ cell }}) as all_members,
        sum({{ total }}) over (partition by {{ cell }}) as all_total
    from {{ samples }}
),

-- of each group: its size, and how much more it comes to than as many average customers
centred as (
    select
        {{ cell }},
        sample_group,
        cast(members as double) as size,
        cast({{ total }} as double) - {{ ratio('all_total * members', 'all_members') }} as excess
    from sampled
),

resampled as (
    select
        {{ columns_of('centred', keys) }},
        weights.replicate,
        sum(weights.weight * centred.size) as size,
        sum(weights.weight * centred.excess) as excess,
        sum(weights.weight * centred.size * centred.size) as size_size,
        sum(weights.weight * centred.size * centred.excess) as size_excess,
        sum(weights.weight * centred.excess * centred.excess) as excess_excess
    from centred
    inner join {{ ref('bootstrap_weights') }} as weights
        on centred.sample_group = weights.sample_group
    group by {{ columns_of('centred', keys) }}, weights.replicate
),

shifted as (
    select *, excess / size as shift
    from resampled
),

replicates as (
    select
        {{ cell }},
        replicate,
        shift,
        sqrt(greatest(
            0e0, excess_excess - 2e0 * shift * size_excess + shift * shift * size_size
        )) / size as standard_error
    from shifted
)
{%- endmacro %}

{# The 95 % interval of the mean of each cell, from `replicates`: how far these lie from it, in
   units of their own standard error, tells how far it lies from the truth in units of its own.
   Money is skewed, and plain percentiles of means miss the truth too often. #}
{% macro bootstrap_intervals(samples, replicates, keys, total) -%}
{%- set cell = keys | join(', ') -%}
totals_of_cells as (
    select
        *,
        sum({{ total }}) over (partition by {{ cell }}) as all_total,
        sum(members) over (partition by {{ cell }}) as all_members
    from {{ samples }}
),

means as (
    select
        {{ cell }},
        sum(members) as members,
        {{ ratio('sum(' ~ total ~ ')', 'sum(members)') }} as mean_value,
        sqrt(sum(power(
            cast({{ total }} as double) - {{ ratio('all_total * members', 'all_members') }}, 2
        ))) / sum(members) as standard_error
    from totals_of_cells
    group by {{ cell }}
),

-- replicates in which everybody has the same say nothing about how far apart means lie
deviations as (
    select
        {{ columns_of('means', keys) }},
        replicated.replicate,
        replicated.shift / replicated.standard_error as deviation
    from {{ replicates }} as replicated
    inner join means
        on
            {{ alike('replicated', 'means', keys) }}
            and replicated.standard_error > 1e-6 * means.standard_error
),

ranked_deviations as (
    select
        *,
        row_number() over (partition by {{ cell }} order by deviation, replicate) as deviation_rank,
        count(*) over (partition by {{ cell }}) as replicate_count
    from deviations
),

ends as (
    select
        {{ cell }},
        max(case when deviation_rank = ceil(0.025 * replicate_count) then deviation end) as lowest,
        max(case
            when deviation_rank = replicate_count + 1 - ceil(0.025 * replicate_count) then deviation
        end) as highest
    from ranked_deviations
    group by {{ cell }}
),

intervals as (
    select
        means.*,
        means.mean_value - coalesce(ends.highest, 0) * means.standard_error as mean_low,
        means.mean_value - coalesce(ends.lowest, 0) * means.standard_error as mean_high
    from means
    left join ends
        on {{ alike('means', 'ends', keys) }}
)
{%- endmacro %}

{# value_low and value_high of each cell of `samples` that has `interval_min_customers`; NULL where
   all customers are alike, which says nothing about how far off their mean is. Rounded, since
   engines and threads add up doubles in an order of their own. #}
{% macro bootstrap_bounds(samples, keys, total) -%}
{%- set cell = keys | join(', ') -%}
counted_samples as (
    select *, sum(members) over (partition by {{ cell }}) as cell_members
    from {{ samples }}
),

enough_samples as (
    select * from counted_samples
    where cell_members >= {{ var('interval_min_customers') }}
),

{{ bootstrap_replicates('enough_samples', keys, total) }},

{{ bootstrap_intervals('enough_samples', 'replicates', keys, total) }},

bounds as (
    select
        {{ cell }},
        cast(round(mean_low, 6) as double) as value_low,
        cast(round(mean_high, 6) as double) as value_high
    from intervals
    where standard_error > 1e-9 * abs(mean_value)
)
{%- endmacro %}
