{#- A subscription has one price at a time: its next period ends the one before. -#}
with rows_used as (
    select * from {{ ref('stg_subscription_rows') }}
    where row_status = 'used'
),

survivors as (
    select * from {{ ref('customer_merges') }}
    where survivor_id is not null
),

ordered as (
    select
        rows_used.*,
        coalesce(survivors.survivor_id, rows_used.customer_id) as owner_id,
        lead(rows_used.start_date) over (
            partition by rows_used.subscription_id order by rows_used.start_date
        ) as next_start_date
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
),

subscriptions as (
    select
        subscription_id,
        owner_id as customer_id,
        plan,
        case
            when end_date > next_start_date or end_date is null then null
            when lower(trim(cancel_reason)) in ('voluntary', 'involuntary')
                then lower(trim(cancel_reason))
            else 'unknown'
        end as cancel_reason,
        billing_months,
        amount,
        {{ money_of_double(ratio('amount', 'billing_months')) }} as mrr,
        start_date,
        least(end_date, next_start_date) as end_date
    from ordered
)

select * from subscriptions
