-- A row is a month of recurring revenue that does not close with opening + movements, does not open
-- with the closing before, whose churn by reason is not its churn, that kept more than it had, or
-- that does not close with the customers paid up on its last day.
{{ config(meta={'dagster': {'ref': {'name': 'subscription_mrr_monthly'}}}) }}

with months as (
    select
        *,
        coalesce(lag(closing) over (order by month), 0) as previous_closing,
        coalesce(lag(closing_customers) over (order by month), 0) as previous_customers
    from {{ ref('subscription_mrr_monthly') }}
),

positions as (
    select positions.month, sum(periods.mrr) as mrr
    from {{ ref('subscription_months') }} as positions
    inner join {{ ref('stg_subscriptions') }} as periods
        on
            positions.position_date >= periods.start_date
            and (positions.position_date < periods.end_date or periods.end_date is null)
    group by positions.month
)

select months.*
from months
left join positions on months.month = positions.month
where
    months.opening <> months.previous_closing
    or months.closing
    <> months.opening + months.new + months.expansion + months.contraction
    + months.churned + months.reactivation
    or months.closing_customers
    <> months.previous_customers + months.new_customers + months.reactivation_customers
    - months.churned_customers
    or months.churned
    <> months.churned_voluntary + months.churned_involuntary + months.churned_unknown
    or months.grr > 1
    or months.closing <> coalesce(positions.mrr, 0)
