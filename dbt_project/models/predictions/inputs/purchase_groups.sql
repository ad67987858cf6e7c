with histories as (
    select * from {{ ref('purchase_histories') }}
),

purchase_groups as (
    select
        part,
        frequency,
        recency_days,
        age_days,
        count(*) as customers,
        {{ money('sum(greatest(repeat_revenue, 0))') }} as repeat_revenue
    from histories
    group by part, frequency, recency_days, age_days
)

select * from purchase_groups
