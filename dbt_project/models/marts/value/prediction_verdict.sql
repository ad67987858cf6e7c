with rulings as (
    select * from {{ ref('prediction_acceptance') }}
),

outcomes as (
    select * from {{ ref('prediction_outcomes') }}
),

fits as (
    select * from {{ ref('prediction_fits') }}
),

prediction_verdict as (
    select
        cast(outcomes.horizon_days as int) as horizon_days,
        cast(outcomes.judged_days as int) as judged_days,
        rulings.verdict,
        rulings.reason,
        rulings.value_verdict,
        rulings.value_reason,
        fits.model,
        cast(fits.customers as bigint) as customers,
        cast(fits.repeat_customers as bigint) as repeat_customers,
        cast(outcomes.actual_orders as bigint) as actual_orders,
        cast(outcomes.predicted_orders as double) as predicted_orders,
        cast(outcomes.predicted_orders_low as double) as predicted_orders_low,
        cast(outcomes.predicted_orders_high as double) as predicted_orders_high,
        cast(outcomes.orders_error as double) as orders_error,
        {{ money('outcomes.actual_value') }} as actual_value,
        {{ money('outcomes.predicted_value') }} as predicted_value,
        cast(outcomes.value_error as double) as value_error,
        cast(outcomes.order_value_error as double) as order_value_error,
        cast(rulings.top_decile_lift as double) as top_decile_lift,
        cast(rulings.coverage as double) as coverage,
        {%- for name in prediction_parameters() %}
        cast(fits.{{ name }} as double) as {{ name }},
        cast(fits.{{ name }}_low as double) as {{ name }}_low,
        cast(fits.{{ name }}_high as double) as {{ name }}_high,
        {%- endfor %}
        outcomes.is_whole_holdout,
        outcomes.calibration_end_date
    from outcomes
    inner join rulings
        on
            outcomes.horizon_days = rulings.horizon_days
            and outcomes.is_whole_holdout = rulings.is_whole_holdout
    cross join fits
)

select * from prediction_verdict
