with spending as (
    select spending.*
    from {{ ref('stg_marketing_spend') }} as spending
    inner join {{ ref('as_of') }} as as_of on spending.spend_date <= as_of.as_of_date
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
