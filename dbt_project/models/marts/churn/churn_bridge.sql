{#- The conventions, and what has to be added to get from each to the next: to the customers
    counted as churned, and to those they are a share of. -#}
{%- set steps = [
    ('churn_rate_of_start_and_new', true, 'churned_customers', 'opening_customers + new_customers'),
    ('joiners_leave_the_denominator', false, '0', '-new_customers'),
    ('churn_rate', true, 'churned_customers', 'opening_customers'),
    ('ended_after_joining', false, '-churned_joiners', '0'),
    ('ended_before_a_return', false, '-churned_returners', '0'),
    (
        'churn_rate_net', true, 'churned_customers - churned_joiners - churned_returners',
        'opening_customers'
    ),
    ('joined_ended_and_returned', false, 'churned_joiners_returned', '0'),
    ('returned_and_ended', false, '-lost_returners', '0'),
    ('one_minus_customer_retention_rate', true, 'lost_opening_customers', 'opening_customers'),
] -%}
with churn as (
    select * from {{ ref('monthly_churn') }}
),

movements as (
    select * from {{ ref('churn_months') }}
),

months as (
    select
        churn.*,
        coalesce(movements.churned_joiners_returned, 0) as churned_joiners_returned,
        coalesce(movements.lost_returners, 0) as lost_returners
    from churn
    left join movements on churn.base = movements.base and churn.month = movements.month
),

steps as (
    {%- for step, is_convention, customers, at_risk in steps %}
    {{ 'union all' if not loop.first }}
    select
        base, month, is_complete, opening_customers, churned_customers, new_customers,
        {{ loop.index }} as step_number, '{{ step }}' as step,
        {{ customers }} as customers, {{ at_risk }} as customers_at_risk,
        {{ is_convention }} as is_convention
    from months
    {%- endfor %}
),

rated as (
    select
        *,
        case
            when not is_complete then null
            when is_convention then {{ ratio('customers', 'customers_at_risk') }}
            when customers_at_risk = 0 then {{ ratio('customers', 'opening_customers') }}
            else
                {{ ratio('churned_customers', 'opening_customers') }}
                - {{ ratio('churned_customers', 'opening_customers + new_customers') }}
        end as rate
    from steps
),

churn_bridge as (
    select
        base,
        step,
        cast(step_number as int) as step_number,
        cast(customers as bigint) as customers,
        cast(customers_at_risk as bigint) as customers_at_risk,
        cast(rate as double) as rate,
        is_convention,
        is_complete,
        month
    from rated
)

select * from churn_bridge
