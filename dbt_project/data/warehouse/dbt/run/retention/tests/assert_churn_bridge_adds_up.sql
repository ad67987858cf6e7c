
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  -- A row is a convention that its month's steps do not lead to, or whose figure is not the one
-- of monthly_churn.


with steps as (
    select
        *,
        sum(case when is_convention then 1 else 0 end) over so_far as conventions
    from "build"."marts"."churn_bridge"
    window so_far as (partition by base, month order by step_number rows unbounded preceding)
),

-- each convention and the steps after it, moved on to the next one
sums as (
    select
        base,
        month,
        conventions + 1 as conventions,
        sum(customers) as customers,
        sum(customers_at_risk) as customers_at_risk,
        sum(rate) as rate
    from steps
    group by base, month, conventions
),

published as (
    
    select base, month, churn_rate_of_start_and_new as rate, 1 as conventions
    from "build"."marts"."monthly_churn"
    union all
    select base, month, churn_rate as rate, 2 as conventions
    from "build"."marts"."monthly_churn"
    union all
    select base, month, churn_rate_net as rate, 3 as conventions
    from "build"."marts"."monthly_churn"
    union all
    select base, month, 1 - customer_retention_rate as rate, 4 as conventions
    from "build"."marts"."monthly_churn"
)

select
    published.*,
    steps.step,
    steps.rate as rate_of_the_step
from published
left join steps
    on
        published.base = steps.base
        and published.month = steps.month
        and published.conventions = steps.conventions
        and steps.is_convention
left join sums
    on
        published.base = sums.base
        and published.month = sums.month
        and published.conventions = sums.conventions
where
    steps.step is null
    or (published.rate is null) <> (steps.rate is null)
    or abs(published.rate - steps.rate) > 1e-12
    or (
        published.conventions > 1
        and (
            sums.customers <> steps.customers
            or sums.customers_at_risk <> steps.customers_at_risk
            or abs(coalesce(sums.rate, steps.rate) - steps.rate) > 1e-12
        )
    )
  
  
      
    ) dbt_internal_test