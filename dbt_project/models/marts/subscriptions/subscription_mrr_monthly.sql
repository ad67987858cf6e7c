{%- set movements = ['new', 'expansion', 'contraction', 'churned', 'reactivation'] -%}
{%- set reasons = ['voluntary', 'involuntary', 'unknown'] -%}
with customer_months as (
    select * from {{ ref('subscription_mrr') }}
),

moved as (
    select
        month,
        {%- for movement in movements %}
        sum(case when movement = '{{ movement }}' then change else 0 end) as {{ movement }},
        count(*) filter (where movement = '{{ movement }}') as {{ movement }}_customers,
        {%- endfor %}
        {%- for reason in reasons %}
        sum(case when churn_reason = '{{ reason }}' then change else 0 end)
            as churned_{{ reason }},
        count(*) filter (where churn_reason = '{{ reason }}')
            as churned_{{ reason }}_customers,
        {%- endfor %}
        sum(mrr) as closing,
        count(*) filter (where mrr > 0) as closing_customers,
        count(*) filter (where is_on_free_period) as on_free_period
    from customer_months
    group by month
),

spaced as (
    select
        months.month,
        months.is_complete,
        {%- for movement in movements %}
        coalesce(moved.{{ movement }}, 0) as {{ movement }},
        coalesce(moved.{{ movement }}_customers, 0) as {{ movement }}_customers,
        {%- endfor %}
        {%- for reason in reasons %}
        coalesce(moved.churned_{{ reason }}, 0) as churned_{{ reason }},
        coalesce(moved.churned_{{ reason }}_customers, 0) as churned_{{ reason }}_customers,
        {%- endfor %}
        coalesce(moved.closing, 0) as closing,
        coalesce(moved.closing_customers, 0) as closing_customers,
        coalesce(moved.on_free_period, 0) as on_free_period
    from {{ ref('subscription_months') }} as months
    left join moved on months.month = moved.month
),

opened as (
    select
        *,
        coalesce(lag(closing) over (order by month), 0) as opening,
        coalesce(lag(closing_customers) over (order by month), 0) as opening_customers,
        case when is_complete then lag(closing) over (order by month) end as at_risk
    from spaced
),

subscription_mrr_monthly as (
    select
        {%- for column in ['opening'] + movements + ['closing'] %}
        {{ money(column) }} as {{ column }},
        cast({{ column }}_customers as bigint) as {{ column }}_customers,
        {%- endfor %}
        cast(on_free_period as bigint) as on_free_period,
        {%- for reason in reasons %}
        {{ money('churned_' ~ reason) }} as churned_{{ reason }},
        cast(churned_{{ reason }}_customers as bigint) as churned_{{ reason }}_customers,
        {%- endfor %}
        {{ ratio('-(churned + contraction)', 'at_risk') }} as gross_churn_rate,
        {{ ratio('-(churned + contraction + expansion + reactivation)', 'at_risk') }}
            as net_churn_rate,
        {{ ratio('at_risk + churned + contraction', 'at_risk') }} as grr,
        {{ ratio('at_risk + churned + contraction + expansion + reactivation', 'at_risk') }}
            as nrr,
        is_complete,
        month
    from opened
)

select * from subscription_mrr_monthly
