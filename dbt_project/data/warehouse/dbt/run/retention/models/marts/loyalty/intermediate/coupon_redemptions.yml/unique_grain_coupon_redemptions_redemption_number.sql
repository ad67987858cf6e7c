
    
    select
      count(*) as failures,
      count(*) != 0 as should_warn,
      count(*) != 0 as should_error
    from (
      
    
  
select
    "redemption_number",
    count(*) as copies
from "build"."intermediate"."coupon_redemptions"
group by
    "redemption_number"
having
    count(*) > 1
    or "redemption_number" is null

  
  
      
    ) dbt_internal_test