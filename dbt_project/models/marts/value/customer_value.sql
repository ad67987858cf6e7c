with customers as (
    select * from {{ ref('customer_orders') }}
),

costs as (
    select
        customer_id,
        sum(cost) as cost,
        sum(orders_without_cost) as orders_without_cost
    from {{ ref('customer_daily_revenue') }}
    group by customer_id
),

measured as (
    select
        customers.*,
        customers.amount - customers.refunds as net_revenue,
        case when customers.orders > 0 and costs.orders_without_cost = 0 then costs.cost end
            as cost,
        {{ day_diff('customers.last_order_date', 'as_of.as_of_date') }} as days_since_last_order,
        {{ day_diff('customers.first_order_date', 'customers.last_order_date') }} as recency_days,
        {{ day_diff('customers.first_order_date', 'as_of.as_of_date') }} as age_days
    from customers
    cross join {{ ref('as_of') }} as as_of
    left join costs on customers.customer_id = costs.customer_id
),

scored as (
    select
        *,
        {{ quintile_of_buyers('days_since_last_order', 'desc') }} as recency_score,
        {{ quintile_of_buyers('orders', 'asc') }} as frequency_score,
        {{ quintile_of_buyers('net_revenue', 'asc') }} as monetary_score
    from measured
),

predicted as (
    select
        scored.*,
        predictions.prediction_reason,
        {%- for column in prediction_columns() %}
        predictions.{{ column }},
        {%- endfor %}
        predictions.probability_alive
    from scored
    left join {{ ref('customer_predictions') }} as predictions
        on scored.customer_id = predictions.customer_id
),

customer_value as (
    select
        customer_id,
        {{ rfm_segment('recency_score', 'frequency_score') }} as rfm_segment,
        case when orders = 0 then 'no order' else prediction_reason end as prediction_reason,
        cast(orders as bigint) as orders,
        {{ money('amount + discounts') }} as gross_revenue,
        {{ money('discounts') }} as discounts,
        {{ money('refunds') }} as refunds,
        {{ money('net_revenue') }} as net_revenue,
        {{ money('net_revenue - cost') }} as gross_margin,
        {{ ratio('net_revenue', 'orders') }} as average_order_value,
        cast(frequency as int) as frequency,
        recency_days,
        age_days,
        {{ ratio('repeat_revenue', 'frequency') }} as monetary_value,
        days_since_last_order,
        recency_score,
        frequency_score,
        monetary_score,
        probability_alive,
        {%- for column in prediction_columns() %}
        {{ column }},
        {%- endfor %}
        {{ month_start('first_order_date') }} as cohort_month,
        first_order_date,
        last_order_date
    from predicted
)

select * from customer_value
