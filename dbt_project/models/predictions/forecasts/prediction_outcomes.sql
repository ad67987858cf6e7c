{#- What was predicted for each stretch of the holdout, and what happened. -#}
with split as (
    select * from {{ ref('prediction_split') }}
),

horizons as (
    {%- for days in var('prediction_horizons') %}
    select {{ days }} as horizon_days, false as is_whole_holdout
    union all
    {%- endfor %}
    select holdout_days as horizon_days, true as is_whole_holdout from split
),

judged as (
    select
        horizons.horizon_days,
        horizons.is_whole_holdout,
        least(horizons.horizon_days, split.holdout_days) as judged_days,
        split.holdout_days,
        split.calibration_end_date
    from horizons
    cross join split
),

actual as (
    select
        judged.*,
        coalesce(sum(days.repeat_orders), 0) as actual_orders,
        coalesce(sum(days.repeat_revenue), 0) as actual_value
    from judged
    left join {{ ref('prediction_days') }} as days
        on
            judged.calibration_end_date < days.activity_date
            and {{ add_days('judged.calibration_end_date', 'judged.judged_days') }}
            >= days.activity_date
    group by
        judged.horizon_days, judged.is_whole_holdout, judged.judged_days, judged.holdout_days,
        judged.calibration_end_date
),

-- decimals, since doubles add up differently in another order
predicted_value as (
    select
        forecasts.horizon_days,
        sum({{ forecast_money(
            '(models.spend_scale * cohort.customers + cast(cohort.repeat_revenue as double))'
            ' * forecasts.value_weight'
        ) }}) as predicted_value
    from {{ source('predictions', 'forecasts') }} as forecasts
    inner join {{ source('predictions', 'models') }} as models on forecasts.part = models.part
    inner join {{ ref('purchase_groups') }} as cohort
        on
            forecasts.part = cohort.part
            and forecasts.frequency = cohort.frequency
            and forecasts.recency_days = cohort.recency_days
            and forecasts.age_days = cohort.age_days
    where forecasts.part = 'calibration'
    group by forecasts.horizon_days
),

outcomes as (
    select
        actual.*,
        totals.expected_orders as predicted_orders,
        totals.orders_low as predicted_orders_low,
        totals.orders_high as predicted_orders_high,
        predicted_value.predicted_value,
        {{ ratio('totals.expected_orders', 'actual.actual_orders') }} - 1e0 as orders_error,
        {{ ratio('predicted_value.predicted_value', 'actual.actual_value') }} - 1e0 as value_error,
        {{ ratio('predicted_value.predicted_value', 'totals.expected_orders') }}
        / {{ ratio('nullif(actual.actual_value, 0)', 'actual.actual_orders') }} - 1e0
            as order_value_error
    from actual
    left join {{ source('predictions', 'totals') }} as totals
        on totals.part = 'calibration' and actual.judged_days = totals.horizon_days
    left join predicted_value on actual.judged_days = predicted_value.horizon_days
)

select * from outcomes
