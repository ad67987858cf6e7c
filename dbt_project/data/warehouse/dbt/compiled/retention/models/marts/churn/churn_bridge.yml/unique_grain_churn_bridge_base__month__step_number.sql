
select
    "base",
    "month",
    "step_number",
    count(*) as copies
from "build"."marts"."churn_bridge"
group by
    "base",
    "month",
    "step_number"
having
    count(*) > 1
    or "base" is null
    or "month" is null
    or "step_number" is null
