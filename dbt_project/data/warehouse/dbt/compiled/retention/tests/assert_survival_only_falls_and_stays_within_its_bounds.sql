-- A row is a day on which survival rises, leaves its interval, or more customers end than are
-- there.


with days as (
    select
        *,
        coalesce(lag(survival) over (
            partition by segment_name, segment_value order by days
        ), 1e0) as previous_survival
    from "build"."marts"."lifespan_survival"
)

select * from days
where
    survival > previous_survival + 1e-12
    or survival < survival_low - 1e-12
    or survival > survival_high + 1e-12
    or ended > at_risk