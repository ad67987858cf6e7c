with months as (
    select
        base,
        month,
        is_complete,
        incomplete_reason,
        coalesce(lag(is_complete) over (partition by base order by month), false)
            as is_complete_before
    from {{ ref('monthly_churn') }}
),

movements as (
    select
        base,
        customer_key,
        movement,
        {{ month_start('movement_date') }} as month
    from {{ ref('churn_movements') }}
),

bases as (
    select distinct base from movements
),

-- who joined together ends together: a large month is felt one silence later
memberships as (
    select bases.base, segments.customer_key, segments.segment_name, segments.segment_value
    from {{ ref('customer_segments') }} as segments
    cross join bases
    union all
    select
        base,
        customer_key,
        'first_month' as segment_name,
        substr(cast(month as string), 1, 7) as segment_value
    from movements
    where movement = 'new'
),

counted as (
    select
        movements.base,
        memberships.segment_name,
        memberships.segment_value,
        movements.month,
        count(*) filter (where movements.movement = 'new') as new_customers,
        count(*) filter (where movements.movement = 'reactivated') as reactivated_customers,
        count(*) filter (where movements.movement = 'churned') as churned_customers
    from movements
    inner join memberships
        on
            movements.base = memberships.base
            and movements.customer_key = memberships.customer_key
    group by
        movements.base, memberships.segment_name, memberships.segment_value, movements.month
),

segments as (
    select base, segment_name, segment_value, min(month) as first_month
    from counted
    group by base, segment_name, segment_value
),

calendar as (
    select segments.base, segments.segment_name, segments.segment_value, months.*
    from segments
    inner join months
        on segments.base = months.base and segments.first_month <= months.month
),

running as (
    select
        calendar.base,
        calendar.segment_name,
        calendar.segment_value,
        calendar.month,
        calendar.is_complete,
        calendar.is_complete_before,
        calendar.incomplete_reason,
        coalesce(counted.new_customers, 0) as new_customers,
        coalesce(counted.reactivated_customers, 0) as reactivated_customers,
        coalesce(counted.churned_customers, 0) as churned_customers,
        sum(
            coalesce(
                counted.new_customers + counted.reactivated_customers - counted.churned_customers,
                0
            )
        ) over (
            partition by calendar.base, calendar.segment_name, calendar.segment_value
            order by calendar.month rows unbounded preceding
        ) as closing_customers
    from calendar
    left join counted
        on
            calendar.base = counted.base
            and calendar.segment_name = counted.segment_name
            and calendar.segment_value = counted.segment_value
            and calendar.month = counted.month
),

balanced as (
    select
        *,
        closing_customers - new_customers - reactivated_customers + churned_customers
            as opening_customers
    from running
),

whole as (
    select
        base,
        month,
        opening_customers as all_opening,
        lag(opening_customers) over (partition by base order by month) as all_opening_before
    from balanced
    where segment_name = 'all'
),

rated as (
    select
        balanced.*,
        {{ ratio('churned_customers', 'opening_customers') }} as rate_outcome,
        {{ wilson_low('churned_customers', 'opening_customers') }} as rate_low,
        {{ wilson_high('churned_customers', 'opening_customers') }} as rate_high,
        {{ ratio('churned_customers', 'all_opening') }} as share_of_all,
        whole.all_opening_before
    from balanced
    inner join whole on balanced.base = whole.base and balanced.month = whole.month
),

followed as (
    select
        *,
        lag(opening_customers) over each_segment as before_opening,
        lag(rate_outcome) over each_segment as before_outcome,
        lag(rate_low) over each_segment as before_low,
        lag(rate_high) over each_segment as before_high,
        coalesce(lag(churned_customers) over each_segment, 0) as churned_before,
        -- who was not there yet was not lost
        coalesce(lag(share_of_all) over each_segment, 0) as share_of_all_before
    from rated
    window each_segment as (partition by base, segment_name, segment_value order by month)
),

compared as (
    select
        *,
        is_complete and is_complete_before as is_comparable,
        least(opening_customers, before_opening) >= {{ var('interval_min_customers') }} as is_large,
        {{ difference_low('rate', 'before', 'outcome') }} as change_low,
        {{ difference_high('rate', 'before', 'outcome') }} as change_high
    from followed
),

churn_by_segment as (
    select
        base,
        month,
        segment_name,
        segment_value,
        cast(opening_customers as bigint) as opening_customers,
        cast(new_customers as bigint) as new_customers,
        cast(reactivated_customers as bigint) as reactivated_customers,
        cast(churned_customers as bigint) as churned_customers,
        cast(closing_customers as bigint) as closing_customers,
        case when is_complete then cast(rate_outcome as double) end as churn_rate,
        case when is_complete then cast(rate_low as double) end as churn_rate_low,
        case when is_complete then cast(rate_high as double) end as churn_rate_high,
        case when is_comparable then cast(rate_outcome - before_outcome as double) end
            as rate_change,
        case when is_comparable and is_large then cast(change_low as double) end as rate_change_low,
        case when is_comparable and is_large then cast(change_high as double) end
            as rate_change_high,
        case
            when is_comparable and all_opening_before > 0
                then cast(share_of_all - share_of_all_before as double)
        end as contribution,
        is_complete,
        incomplete_reason
    from compared
    where
        opening_customers + new_customers + reactivated_customers + churned_customers > 0
        or churned_before > 0
)

select * from churn_by_segment
