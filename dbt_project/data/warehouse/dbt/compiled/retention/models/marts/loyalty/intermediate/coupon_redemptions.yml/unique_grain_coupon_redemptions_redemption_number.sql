
select
    "redemption_number",
    count(*) as copies
from "build"."intermediate"."coupon_redemptions"
group by
    "redemption_number"
having
    count(*) > 1
    or "redemption_number" is null
