{#- 64 bins to a factor of e give the parameters of the single values to four digits. -#}
with repeaters as (
    select
        part,
        frequency,
        repeat_revenue,
        cast(repeat_revenue as double) / frequency as mean_value
    from {{ ref('purchase_histories') }}
    where frequency > 0 and repeat_revenue > 0
),

binned as (
    select
        part,
        frequency,
        repeat_revenue,
        cast(floor(ln(mean_value) * 64e0) as int) as value_bin
    from repeaters
),

spend_groups as (
    select
        part,
        frequency,
        value_bin,
        count(*) as customers,
        {{ money('sum(repeat_revenue)') }} as repeat_revenue
    from binned
    group by part, frequency, value_bin
)

select * from spend_groups
