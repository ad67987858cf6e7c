{#- How often each of the groups is drawn in each replicate of a bootstrap: Poisson(1) numbers from
    a hash that every engine knows, the same at every run. Those never drawn are left out. -#}
with draws as (
    select
        replicates.n as replicate,
        sample_groups.n as sample_group,
        md5(cast(replicates.n as string) || '/' || cast(sample_groups.n as string)) as drawn
    from {{ numbers(var('bootstrap_replicates')) }} as replicates
    cross join {{ numbers(var('bootstrap_groups')) }} as sample_groups
),

weighed as (
    select
        replicate,
        sample_group,
        {{ poisson_weight('substring(drawn, 1, 8)') }} as weight
    from draws
),

weights as (
    select * from weighed
    where weight > 0
)

select * from weights
