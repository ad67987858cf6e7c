
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
