
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  
select
    "base",
    "customer_id",
    "movement_date",
    count(*) as copies
from "build"."intermediate"."churn_movements"
group by
    "base",
    "customer_id",
    "movement_date"
having
    count(*) > 1
    or "base" is null
    or "customer_id" is null
    or "movement_date" is null

  
  
      
    ) dbt_internal_test