with arms as (
    select * from {{ ref('audience_arms') }}
),

counted as (
    select
        audience,
        outcome,
        count(*) filter (where not is_holdout) as treated,
        count(*) filter (where is_holdout) as held_out,
        count(*) filter (where not is_holdout and was_messaged) as treated_messaged,
        count(*) filter (where is_holdout and was_messaged) as held_out_messaged,
        count(*) filter (where not is_holdout and has_outcome) as treated_with_outcome,
        count(*) filter (where is_holdout and has_outcome) as held_out_with_outcome
    from arms
    group by audience, outcome
),

rated as (
    select
        *,
        {{ ratio('treated_with_outcome', 'treated') }} as treated_outcome,
        {{ ratio('held_out_with_outcome', 'held_out') }} as held_out_outcome,
        {{ wilson_low('treated_with_outcome', 'treated') }} as treated_low,
        {{ wilson_high('treated_with_outcome', 'treated') }} as treated_high,
        {{ wilson_low('held_out_with_outcome', 'held_out') }} as held_out_low,
        {{ wilson_high('held_out_with_outcome', 'held_out') }} as held_out_high
    from counted
),

audience_uplift as (
    select
        audience,
        outcome as outcome_name,
        cast(treated as bigint) as treated,
        cast(held_out as bigint) as held_out,
        cast(treated_messaged as bigint) as treated_messaged,
        cast(held_out_messaged as bigint) as held_out_messaged,
        cast(treated_with_outcome as bigint) as treated_with_outcome,
        cast(held_out_with_outcome as bigint) as held_out_with_outcome,
        treated_outcome,
        held_out_outcome,
        treated_outcome - held_out_outcome as uplift,
        {{ newcombe_low('treated', 'held_out') }} as low,
        {{ newcombe_high('treated', 'held_out') }} as high
    from rated
)

select * from audience_uplift
