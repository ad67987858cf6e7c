
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  
select
    "segment_name",
    "segment_value",
    "days",
    count(*) as copies
from "build"."marts"."lifespan_survival"
group by
    "segment_name",
    "segment_value",
    "days"
having
    count(*) > 1
    or "segment_name" is null
    or "segment_value" is null
    or "days" is null

  
  
      
    ) dbt_internal_test