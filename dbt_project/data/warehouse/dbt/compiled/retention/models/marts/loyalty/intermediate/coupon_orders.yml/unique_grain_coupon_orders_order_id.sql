
select
    "order_id",
    count(*) as copies
from "build"."intermediate"."coupon_orders"
group by
    "order_id"
having
    count(*) > 1
    or "order_id" is null
