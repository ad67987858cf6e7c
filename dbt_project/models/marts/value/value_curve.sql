with complete_cells as (
    select * from {{ ref('cohort_value') }}
    where cumulative_revenue_per_customer is not null
),

pooled as (
    select
        months_since_first_order,
        count(*) as cohorts,
        sum(cohort_size) as eligible_customers,
        sum(cumulative_revenue) as cumulative_revenue,
        sum(cumulative_revenue_cash) as cumulative_revenue_cash,
        case when count(*) = count(cumulative_gross_margin) then sum(cumulative_gross_margin) end
            as cumulative_gross_margin
    from complete_cells
    group by months_since_first_order
),

value_curve as (
    select
        months_since_first_order,
        cast(cohorts as bigint) as cohorts,
        cast(eligible_customers as bigint) as eligible_customers,
        {{ money('cumulative_revenue') }} as cumulative_revenue,
        {{ money('cumulative_revenue_cash') }} as cumulative_revenue_cash,
        {{ money('cumulative_gross_margin') }} as cumulative_gross_margin,
        {{ ratio('cumulative_revenue', 'eligible_customers') }} as cumulative_revenue_per_customer,
        {{ ratio('cumulative_revenue_cash', 'eligible_customers') }}
            as cumulative_revenue_per_customer_cash,
        {{ ratio('cumulative_gross_margin', 'eligible_customers') }}
            as cumulative_gross_margin_per_customer
    from pooled
)

select * from value_curve
