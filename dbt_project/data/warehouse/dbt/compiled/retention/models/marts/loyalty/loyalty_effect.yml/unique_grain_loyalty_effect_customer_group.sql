
select
    "customer_group",
    count(*) as copies
from "build"."marts"."loyalty_effect"
group by
    "customer_group"
having
    count(*) > 1
    or "customer_group" is null
