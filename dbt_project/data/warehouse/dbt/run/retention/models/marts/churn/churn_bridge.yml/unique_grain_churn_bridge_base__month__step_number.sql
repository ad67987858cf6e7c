
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  
select
    "base",
    "month",
    "step_number",
    count(*) as copies
from "build"."marts"."churn_bridge"
group by
    "base",
    "month",
    "step_number"
having
    count(*) > 1
    or "base" is null
    or "month" is null
    or "step_number" is null

  
  
      
    ) dbt_internal_test