
select
    "segment_name",
    "segment_value",
    count(*) as copies
from "build"."marts"."lifespan_summary"
group by
    "segment_name",
    "segment_value"
having
    count(*) > 1
    or "segment_name" is null
    or "segment_value" is null
