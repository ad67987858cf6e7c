
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
