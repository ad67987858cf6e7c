{%- set counts = [
    'new_customers', 'reactivated_customers', 'churned_customers',
    'churned_joiners', 'churned_returners', 'lost_opening_customers',
] -%}
with movements as (
    select * from {{ ref('churn_months') }}
),

revenue as (
    select * from {{ ref('subscription_mrr_monthly') }}
),

missing as (
    select * from {{ ref('missing_activity_days') }}
),

bases as (
    select distinct base from movements
),

as_of as (
    select * from {{ ref('as_of') }}
),

-- who ends in a month depends on the days of silence before it, too: nobody can before the history
-- is as old
silent_months as (
    select
        bases.base,
        coalesce(
            periods.incomplete_reason,
            case
                when count(missing.missing_date) > 0
                    then 'a day without input lies in the month or the silence before it'
            end,
            case
                when
                    periods.period_start
                    < {{ add_days('as_of.history_starts_on', var('churn_after_days')) }}
                    then 'the history is younger than churn_after_days'
            end
        ) as incomplete_reason,
        periods.period_start as month
    from bases
    inner join {{ ref('calendar_periods') }} as periods on periods.period = 'month'
    cross join as_of
    left join missing
        on
            bases.base = missing.activity
            and missing.missing_date
            between {{ add_days('periods.period_start', -var('churn_after_days')) }}
            and periods.period_end
    where bases.base <> 'subscription'
    group by
        bases.base, periods.period_start, periods.incomplete_reason, as_of.history_starts_on
),

-- subscriptions may be older than everything else that is known of the shop
calendar as (
    select * from silent_months
    union all
    select
        bases.base,
        case when not months.is_complete then 'the period ends after as_of_date' end
            as incomplete_reason,
        months.month
    from bases
    inner join {{ ref('subscription_months') }} as months on bases.base = 'subscription'
),

counted as (
    select
        {%- for column in counts %}
        coalesce(movements.{{ column }}, 0) as {{ column }},
        {%- endfor %}
        calendar.base,
        calendar.month,
        calendar.incomplete_reason,
        calendar.incomplete_reason is null as is_complete,
        revenue.opening as opening_mrr,
        -revenue.churned as churned_mrr,
        revenue.closing as closing_mrr,
        revenue.gross_churn_rate as gross_revenue_churn_rate,
        revenue.net_churn_rate as net_revenue_churn_rate
    from calendar
    left join movements on calendar.base = movements.base and calendar.month = movements.month
    left join revenue
        on {{ where_it("calendar.base = 'subscription'", 'calendar.month') }} = revenue.month
),

running as (
    select
        *,
        sum(new_customers + reactivated_customers - churned_customers) over (
            partition by base order by month rows unbounded preceding
        ) as closing_customers
    from counted
),

balanced as (
    select
        *,
        closing_customers - new_customers - reactivated_customers + churned_customers
            as opening_customers,
        case
            when is_complete
                then closing_customers - new_customers - reactivated_customers + churned_customers
        end as at_risk
    from running
),

monthly_churn as (
    select
        base,
        {%- for column in ['opening_customers', 'closing_customers'] + counts %}
        cast({{ column }} as bigint) as {{ column }},
        {%- endfor %}
        {{ ratio('churned_customers', 'at_risk') }} as churn_rate,
        {{ wilson_low('churned_customers', 'at_risk') }} as churn_rate_low,
        {{ wilson_high('churned_customers', 'at_risk') }} as churn_rate_high,
        {{ ratio('churned_customers - churned_joiners - churned_returners', 'at_risk') }}
            as churn_rate_net,
        {{ ratio('churned_customers', 'at_risk + new_customers') }} as churn_rate_of_start_and_new,
        {{ wilson_low('churned_customers', 'at_risk + new_customers') }}
            as churn_rate_of_start_and_new_low,
        {{ wilson_high('churned_customers', 'at_risk + new_customers') }}
            as churn_rate_of_start_and_new_high,
        {{ ratio('at_risk - lost_opening_customers', 'at_risk') }} as customer_retention_rate,
        {{ wilson_low('at_risk - lost_opening_customers', 'at_risk') }}
            as customer_retention_rate_low,
        {{ wilson_high('at_risk - lost_opening_customers', 'at_risk') }}
            as customer_retention_rate_high,
        {{ ratio('closing_customers - new_customers', 'at_risk') }}
            as customer_retention_rate_textbook,
        opening_mrr,
        {{ money('churned_mrr') }} as churned_mrr,
        closing_mrr,
        gross_revenue_churn_rate,
        net_revenue_churn_rate,
        is_complete,
        incomplete_reason,
        month
    from balanced
)

select * from monthly_churn
