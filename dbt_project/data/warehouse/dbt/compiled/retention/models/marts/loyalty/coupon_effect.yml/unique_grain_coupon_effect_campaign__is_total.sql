
select
    "campaign",
    "is_total",
    count(*) as copies
from "build"."marts"."coupon_effect"
group by
    "campaign",
    "is_total"
having
    count(*) > 1
    or "campaign" is null
    or "is_total" is null
