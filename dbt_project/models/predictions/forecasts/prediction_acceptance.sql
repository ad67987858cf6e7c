{#- The first broken rule is the reason. There is no verdict on what could not be judged. -#}
{%- set max_error = var('prediction_max_error') -%}
with fits as (
    select * from {{ ref('prediction_fits') }}
),

outcomes as (
    select
        *,
        max(case when is_whole_holdout then orders_error end) over () as whole_orders_error
    from {{ ref('prediction_outcomes') }}
),

lift as (
    select
        max(case when decile = 1 then lift end) as top_decile_lift,
        {{ ratio('sum(covered_customers)', 'sum(customers)') }} as coverage
    from {{ ref('prediction_lift') }}
),

judged as (
    select
        outcomes.horizon_days,
        outcomes.is_whole_holdout,
        lift.top_decile_lift,
        lift.coverage,
        case
            when fits.orders_reason is not null then fits.orders_reason
            when outcomes.horizon_days > {{ var('prediction_max_stretch') }} * outcomes.holdout_days
                then {{ prediction_out_of_reach('outcomes.holdout_days') }}
        end as unjudged,
        case
            when outcomes.actual_orders = 0 then 'nobody ordered in the holdout'
            when abs(outcomes.whole_orders_error) > {{ max_error }}
                then {{ prediction_too_far(
                    'outcomes.whole_orders_error', 'orders', 'outcomes.holdout_days'
                ) }}
            when abs(outcomes.orders_error) > {{ max_error }}
                then {{ prediction_too_far(
                    'outcomes.orders_error', 'orders', 'outcomes.judged_days'
                ) }}
            when lift.top_decile_lift < {{ var('prediction_min_lift') }}
                then {{ prediction_flat_lift('lift.top_decile_lift') }}
        end as fault,
        fits.value_reason as value_unjudged,
        case
            when outcomes.actual_value <= 0 then 'no revenue came in the holdout'
            when abs(outcomes.order_value_error) > {{ max_error }}
                then {{ prediction_too_far(
                    'outcomes.order_value_error', 'value of an order', 'outcomes.judged_days'
                ) }}
        end as value_fault
    from outcomes
    cross join fits
    cross join lift
),

rulings as (
    select
        horizon_days,
        case
            when unjudged is not null then 'not judged'
            when fault is not null then 'fails'
            else 'holds'
        end as verdict,
        coalesce(unjudged, fault) as reason,
        case
            when coalesce(unjudged, value_unjudged) is not null then 'not judged'
            when coalesce(fault, value_fault) is not null then 'fails'
            else 'holds'
        end as value_verdict,
        coalesce(unjudged, value_unjudged, fault, value_fault) as value_reason,
        top_decile_lift,
        coverage,
        is_whole_holdout
    from judged
)

select * from rulings
