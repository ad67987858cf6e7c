
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  -- A row is a month that does not open with the customers the month before closed with, or does
-- not close with opening + new + reactivated - churned.


with months as (
    select
        *,
        coalesce(lag(closing_customers) over (partition by base order by month), 0)
            as previous_customers
    from "build"."marts"."monthly_churn"
)

select * from months
where
    opening_customers <> previous_customers
    or closing_customers
    <> opening_customers + new_customers + reactivated_customers - churned_customers
  
  
      
    ) dbt_internal_test