
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  
select
    "customer_id",
    count(*) as copies
from "build"."marts"."loyalty_balances"
group by
    "customer_id"
having
    count(*) > 1
    or "customer_id" is null

  
  
      
    ) dbt_internal_test