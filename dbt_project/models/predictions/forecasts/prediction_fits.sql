{#- What was fitted: a reason in either part rules out predictions; the parameters are
    those of the calibration, whose predictions are judged. -#}
with models as (
    select
        max(model) as model,
        max(case when part = 'calibration' then customers end) as customers,
        max(case when part = 'calibration' then repeat_customers end) as repeat_customers,
        coalesce(
            max(case when part = 'calibration' then orders_reason end), max(orders_reason)
        ) as orders_reason,
        coalesce(
            max(case when part = 'calibration' then value_reason end), max(value_reason)
        ) as value_reason
    from {{ source('predictions', 'models') }}
),

parameters as (
    select
        {%- for name in prediction_parameters() %}
        max(case when parameter = '{{ name }}' then estimate end) as {{ name }},
        max(case when parameter = '{{ name }}' then low end) as {{ name }}_low,
        max(case when parameter = '{{ name }}' then high end) as {{ name }}_high,
        {%- endfor %}
        max(part) as part
    from {{ source('predictions', 'parameters') }}
    where part = 'calibration'
),

fits as (
    select models.*, parameters.*
    from models
    cross join parameters
    where models.model is not null
)

select * from fits
