
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  
select
    "order_id",
    count(*) as copies
from "build"."intermediate"."coupon_orders"
group by
    "order_id"
having
    count(*) > 1
    or "order_id" is null

  
  
      
    ) dbt_internal_test