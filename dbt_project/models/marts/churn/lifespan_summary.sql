{%- set horizon = var('lifespan_horizon_days') -%}
{%- set z = '1.959963984540054e0' -%}
{#- A constant hazard is compared with one of so many pieces, by the likelihood ratio; what a
    chi-square of one degree less exceeds once in twenty times. -#}
{%- set pieces, critical = 6, '11.070497693516351e0' -%}
with survival as (
    select * from {{ ref('lifespan_survival') }}
),

lifespans as (
    select
        {{ segment_label() }} as segment,
        segments.segment_name,
        segments.segment_value,
        count(*) as customers,
        count(*) filter (where lifespans.has_ended) as ended_customers,
        count(*) filter (where lifespans.has_resumed) as resumed_customers,
        sum(lifespans.lifespan_days) as exposed_days
    from {{ ref('lifespans') }} as lifespans
    inner join {{ ref('customer_segments') }} as segments
        on lifespans.customer_key = segments.customer_key
    group by segments.segment_name, segments.segment_value
),

horizons as (
    select segment, least(max(days) + 1, {{ horizon }}) as horizon_days
    from survival
    group by segment
),

-- the area under the curve that is left from a day on, a step a day; an end there takes its share
-- of it away
steps as (
    select
        survival.*,
        horizons.horizon_days,
        cast(sum(
            case
                when survival.days < horizons.horizon_days
                    then cast(survival.survival as decimal(38, 18))
            end
        ) over (
            partition by survival.segment order by survival.days desc rows unbounded preceding
        ) as double) as area_left,
        case
            when survival.days between 1 and horizons.horizon_days
                then cast(floor(
                        (survival.days - 1) * {{ pieces }} / cast(horizons.horizon_days as double)
                    ) as int)
        end as piece
    from survival
    inner join horizons on survival.segment = horizons.segment
),

-- the day half of them are gone, whatever the last digit of the product says
curves as (
    select
        segment,
        horizon_days,
        min(case when survival <= 0.5e0 + 1e-9 then days end) as median_days,
        min(case when survival_low <= 0.5e0 + 1e-9 then days end) as median_low,
        min(case when survival_high <= 0.5e0 + 1e-9 then days end) as median_high,
        max(case when days = 0 then area_left end) as restricted_mean_days,
        {{ z }} * sqrt(cast(sum(
            case
                when days < horizon_days and ended < at_risk
                    then cast(
                            area_left * area_left * ended
                            / (cast(at_risk as double) * (at_risk - ended)) as decimal(38, 18)
                        )
            end
        ) as double)) as half_width
    from steps
    group by segment, horizon_days
),

hazards as (
    select
        segment,
        sum(ended) as ended,
        sum(at_risk) as exposed_days
    from steps
    where piece is not null
    group by segment, piece
),

-- twice the difference of the log-likelihoods; a piece in which nobody ends adds nothing to it
fitted as (
    select
        segment,
        2e0 * cast(
            sum(cast({{ log_likelihood('ended', 'exposed_days') }} as decimal(38, 12))) as double
        ) - 2e0 * {{ log_likelihood('sum(ended)', 'sum(exposed_days)') }} as likelihood_ratio
    from hazards
    group by segment
),

joined as (
    select
        lifespans.*,
        curves.median_days,
        curves.median_low,
        curves.median_high,
        curves.restricted_mean_days,
        greatest(0e0, curves.restricted_mean_days - curves.half_width) as restricted_mean_low,
        least(
            cast(curves.horizon_days as double), curves.restricted_mean_days + curves.half_width
        ) as restricted_mean_high,
        curves.horizon_days,
        {{ ratio('lifespans.exposed_days', 'lifespans.ended_customers') }} as one_over_churn_days,
        case when lifespans.ended_customers > 0 then fitted.likelihood_ratio end
            as likelihood_ratio
    from lifespans
    inner join curves on lifespans.segment = curves.segment
    -- of a segment that was seen for no day beyond its first, nothing is fitted
    left join fitted on lifespans.segment = fitted.segment
),

lifespan_summary as (
    select
        segment,
        segment_name,
        segment_value,
        cast(customers as bigint) as customers,
        cast(ended_customers as bigint) as ended_customers,
        cast(resumed_customers as bigint) as resumed_customers,
        cast(median_days as int) as median_days,
        cast(median_low as int) as median_low,
        cast(median_high as int) as median_high,
        cast(restricted_mean_days as double) as restricted_mean_days,
        cast(round(restricted_mean_low, 9) as double) as restricted_mean_low,
        cast(round(restricted_mean_high, 9) as double) as restricted_mean_high,
        cast(horizon_days as int) as horizon_days,
        cast(one_over_churn_days as double) as one_over_churn_days,
        -- what the restricted mean would be if the hazard were constant
        cast(
            one_over_churn_days * (1e0 - exp(-horizon_days / one_over_churn_days)) as double
        ) as constant_hazard_mean_days,
        cast(round(likelihood_ratio, 9) as double) as likelihood_ratio,
        likelihood_ratio > {{ critical }} as disagrees
    from joined
)

select * from lifespan_summary
