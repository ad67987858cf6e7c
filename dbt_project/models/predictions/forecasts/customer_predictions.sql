{#- What is predicted of each customer, where the horizon's verdict allows it. -#}
{%- set horizons = var('prediction_horizons') -%}
with histories as (
    select * from {{ ref('purchase_histories') }}
    where part = 'history'
),

-- P(alive) is that of the whole holdout's verdict; BG/NBD gives 1 to whoever bought once
allowed as (
    select
        {%- for days in horizons %}
        {%- set row = 'horizon_days = ' ~ days ~ ' and not is_whole_holdout' %}
        max(case when {{ row }} and verdict = 'holds' then 1 end) as orders_{{ days }},
        max(case when {{ row }} and value_verdict = 'holds' then 1 end) as value_{{ days }},
        max(case when {{ row }} then value_reason end) as reason_{{ days }},
        {%- endfor %}
        max(case when is_whole_holdout and verdict = 'holds' then 1 end) as alive
    from {{ ref('prediction_acceptance') }}
),

forecasts as (
    select
        frequency,
        recency_days,
        age_days,
        {%- for days in horizons %}
        {%- for figure in predicted_orders().values() | list + predicted_values().values() | list %}
        max(case when horizon_days = {{ days }} then {{ figure }} end) as {{ figure }}_{{ days }},
        {%- endfor %}
        {%- endfor %}
        max(probability_alive) as probability_alive
    from {{ source('predictions', 'forecasts') }}
    where part = 'history'
    group by frequency, recency_days, age_days
),

customers as (
    select
        histories.customer_id,
        models.model,
        models.spend_scale + cast(greatest(histories.repeat_revenue, 0) as double) as spend,
        forecasts.*
    from histories
    inner join {{ source('predictions', 'models') }} as models on histories.part = models.part
    left join forecasts
        on
            histories.frequency = forecasts.frequency
            and histories.recency_days = forecasts.recency_days
            and histories.age_days = forecasts.age_days
),

customer_predictions as (
    select
        customers.customer_id,
        coalesce(
            {%- for days in horizons %}
            '{{ days }} days: ' || allowed.reason_{{ days }}{{ ',' if not loop.last }}
            {%- endfor %}
        ) as prediction_reason,
        {%- for days in horizons %}
        {%- for ending, figure in predicted_orders().items() %}
        case when allowed.orders_{{ days }} = 1 then customers.{{ figure }}_{{ days }} end
            as expected_orders_{{ days }}{{ ending }},
        {%- endfor %}
        {%- for ending, figure in predicted_values().items() %}
        case when allowed.value_{{ days }} = 1 then {{ forecast_money(
            'customers.spend * customers.' ~ figure ~ '_' ~ days
        ) }} end as predicted_value_{{ days }}{{ ending }},
        {%- endfor %}
        {%- endfor %}
        case
            when allowed.alive = 1 and customers.model <> 'bg' then customers.probability_alive
        end as probability_alive
    from customers
    cross join allowed
)

select * from customer_predictions
