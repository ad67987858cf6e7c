with spending as (
    {{ up_to_as_of('stg_marketing_spend', 'spend_date') }}
),

spend_months as (
    select
        source,
        {{ money('sum(cost)') }} as spend,
        {{ month_start('spend_date') }} as month
    from spending
    group by source, {{ month_start('spend_date') }}
)

select * from spend_months
