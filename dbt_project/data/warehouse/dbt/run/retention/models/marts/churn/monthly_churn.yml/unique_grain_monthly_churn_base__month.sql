
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  
select
    "base",
    "month",
    count(*) as copies
from "build"."marts"."monthly_churn"
group by
    "base",
    "month"
having
    count(*) > 1
    or "base" is null
    or "month" is null

  
  
      
    ) dbt_internal_test