with segments as (
    select * from {{ ref('segment_purchases') }}
),

horizons as (
    {%- for horizon in var('value_horizon_days') %}
    {{ 'union all' if not loop.first }}
    select {{ horizon }} as horizon_days
    {%- endfor %}
),

lifespans as (
    select segment, one_over_churn_days / 365e0 as lifespan, disagrees
    from {{ ref('lifespan_summary') }}
),

simple as (
    select
        segments.*,
        {{ ratio('segments.revenue_of_year', 'segments.orders_of_year') }} as average_order_value,
        {{ ratio('segments.orders_of_year', 'segments.buyers_of_year') }} as purchase_frequency,
        lifespans.lifespan,
        lifespans.disagrees
    from segments
    left join lifespans on segments.segment = lifespans.segment
),

joined as (
    select
        simple.*,
        horizons.horizon_days,
        coalesce(intervals.members, 0) as members,
        intervals.mean_value,
        intervals.mean_low,
        intervals.mean_high,
        intervals.members >= {{ var('interval_min_customers') }} as has_interval,
        multiples.multiple,
        multiples.multiple_low,
        multiples.multiple_high
    from simple
    cross join horizons
    left join {{ ref('segment_value_intervals') }} as intervals
        on
            simple.segment = intervals.segment
            and horizons.horizon_days = intervals.horizon_days
    left join {{ ref('segment_value_multiples') }} as multiples
        on
            simple.segment = multiples.segment
            and horizons.horizon_days = multiples.horizon_days
    where horizons.horizon_days > {{ var('landmark_day') }}
),

segment_value as (
    select
        segment,
        segment_name,
        segment_value,
        cast({{ var('landmark_day') }} as int) as landmark_day,
        cast(horizon_days as int) as horizon_days,
        cast(buyers as bigint) as customers,
        cast(members as bigint) as members,
        {{ money_of_double('mean_value') }} as landmark_ltv,
        {{ money_of_double('case when has_interval then mean_low end') }} as landmark_ltv_low,
        {{ money_of_double('case when has_interval then mean_high end') }} as landmark_ltv_high,
        cast(multiple as double) as multiple_of_others,
        cast(multiple_low as double) as multiple_low,
        cast(multiple_high as double) as multiple_high,
        average_order_value,
        purchase_frequency,
        cast(lifespan as double) as lifespan,
        cast(average_order_value * purchase_frequency * lifespan as double) as simple_ltv,
        disagrees as lifespan_disagrees
    from joined
)

select * from segment_value
