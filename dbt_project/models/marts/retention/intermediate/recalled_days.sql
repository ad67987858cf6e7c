with facts as (
    select * from {{ ref('recalled_facts') }}
),

days as (
    select
        customer_key,
        activity_key,
        {{ day_number('activity_date') }} as day_index,
        cast(sum(occurrences) as bigint) as occurrences,
        {{ money('sum(revenue)') }} as revenue
    from facts
    group by customer_key, activity_key, {{ day_number('activity_date') }}
),

recalled_days as (
    select
        *,
        {{ neighbouring_days(series_key()) }}
    from days
)

select * from recalled_days
