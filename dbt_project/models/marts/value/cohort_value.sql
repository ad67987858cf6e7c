with months as (
    select * from {{ ref('cohort_months') }}
),

cumulated as (
    select
        *,
        sum(revenue) over so_far as cumulative_revenue,
        sum(revenue_cash) over so_far as cumulative_revenue_cash,
        sum(revenue - cost) over so_far as cumulative_margin,
        sum(orders_without_cost) over so_far = 0 as is_cost_known,
        -- what is missing from one age is missing from every sum after it
        case when min(cast(is_complete as int)) over so_far = 1 then cohort_size end
            as observed_customers
    from months
    window so_far as (partition by cohort_month order by age rows unbounded preceding)
),

cohort_value as (
    select
        cast(age as int) as months_since_first_order,
        cast(cohort_size as bigint) as cohort_size,
        {{ money('revenue') }} as revenue,
        {{ money('revenue_cash') }} as revenue_cash,
        {{ money('case when orders_without_cost = 0 then revenue - cost end') }} as gross_margin,
        {{ money('cumulative_revenue') }} as cumulative_revenue,
        {{ money('cumulative_revenue_cash') }} as cumulative_revenue_cash,
        {{ money('case when is_cost_known then cumulative_margin end') }}
            as cumulative_gross_margin,
        {{ ratio('cumulative_revenue', 'observed_customers') }} as cumulative_revenue_per_customer,
        {{ ratio('cumulative_revenue_cash', 'observed_customers') }}
            as cumulative_revenue_per_customer_cash,
        {{ ratio('case when is_cost_known then cumulative_margin end', 'observed_customers') }}
            as cumulative_gross_margin_per_customer,
        is_complete,
        cohort_month
    from cumulated
)

select * from cohort_value
