{#- Kaplan and Meier's product-limit estimate with Greenwood's variance on the log-log scale. -#}
{%- set so_far -%}
over (partition by segment_name, segment_value order by days rows unbounded preceding)
{%- endset -%}
{%- set z = '1.959963984540054e0' -%}
with lifespans as (
    select
        lifespans.lifespan_days,
        lifespans.has_ended,
        segments.segment_name,
        segments.segment_value
    from {{ ref('lifespans') }} as lifespans
    inner join {{ ref('customer_segments') }} as segments
        on lifespans.customer_key = segments.customer_key
),

durations as (
    select
        segment_name,
        segment_value,
        lifespan_days as days,
        count(*) as leaving,
        count(*) filter (where has_ended) as ended
    from lifespans
    group by segment_name, segment_value, lifespan_days
),

longest as (
    select segment_name, segment_value, max(days) as days, sum(leaving) as customers
    from durations
    group by segment_name, segment_value
),

-- every day of life, from 0 to the longest seen
spine as (
    select longest.segment_name, longest.segment_value, longest.customers, numbers.n as days
    from longest
    inner join {{ numbers(36525) }} as numbers on longest.days >= numbers.n
),

days as (
    select
        spine.segment_name,
        spine.segment_value,
        spine.days,
        spine.customers - coalesce(sum(durations.leaving) over (
            partition by spine.segment_name, spine.segment_value
            order by spine.days rows between unbounded preceding and 1 preceding
        ), 0) as at_risk,
        coalesce(durations.ended, 0) as ended
    from spine
    left join durations
        on
            spine.segment_name = durations.segment_name
            and spine.segment_value = durations.segment_value
            and spine.days = durations.days
),

shares as (
    select
        *,
        cast(ended as double) as ended_share_of,
        cast(at_risk as double) as at_risk_double,
        case when ended < at_risk then cast(at_risk - ended as double) end as surviving
    from days
),

summed as (
    select
        *,
        -- summed as decimals: sums of doubles differ in their last digit with the engine's plan
        cast(sum(cast(ln(surviving / at_risk_double) as decimal(38, 18))) {{ so_far }} as double)
            as log_survival,
        cast(sum(
            cast(ended_share_of / (at_risk_double * surviving) as decimal(38, 18))
        ) {{ so_far }} as double) as greenwood,
        max(case when surviving is null then 1 else 0 end) {{ so_far }} as has_died_out
    from shares
),

estimated as (
    select
        *,
        case when has_died_out = 1 then 0e0 else exp(log_survival) end as survival,
        case
            when has_died_out = 0 and log_survival < 0
                then {{ z }} * sqrt(greenwood) / abs(log_survival)
        end as log_log_half_width
    from summed
),

lifespan_survival as (
    select
        {{ segment_label() }} as segment,
        segment_name,
        segment_value,
        cast(days as int) as days,
        cast(at_risk as bigint) as at_risk,
        cast(ended as bigint) as ended,
        -- to 12 places: a processor's exp and ln may differ from another's in the last digit
        cast(round(survival, 12) as double) as survival,
        cast(
            round(coalesce(exp(log_survival * exp(log_log_half_width)), survival), 12) as double
        ) as survival_low,
        cast(
            round(coalesce(exp(log_survival * exp(-log_log_half_width)), survival), 12) as double
        ) as survival_high
    from estimated
)

select * from lifespan_survival
