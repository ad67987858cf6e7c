{#- A subscription has one price at a time: its next period ends the one before. A free period that
    goes on from a paid one, and into another, keeps the price. -#}
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
        coalesce(spellings.shown, rows_used.plan) as shown_plan,
        lead(rows_used.start_date) over (
            partition by rows_used.subscription_id order by rows_used.start_date
        ) as next_start_date
    from rows_used
    left join survivors on rows_used.customer_id = survivors.customer_id
    left join {{ ref('spellings') }} as spellings
        on spellings.kind = 'plan' and rows_used.plan = spellings.written
),

followed as (
    select
        *,
        lag(least(end_date, next_start_date)) over (
            partition by subscription_id order by start_date
        ) as previous_end_date
    from ordered
),

stretched as (
    select
        *,
        sum(case when previous_end_date < start_date then 1 else 0 end) over (
            partition by subscription_id order by start_date rows unbounded preceding
        ) as stretch
    from followed
),

numbered as (
    select
        *,
        sum(case when amount > 0 then 1 else 0 end) over (
            partition by subscription_id, stretch order by start_date rows unbounded preceding
        ) as paid_number,
        max(case when amount > 0 then start_date end) over (
            partition by subscription_id, stretch
        ) as last_paid_date
    from stretched
),

priced as (
    select
        *,
        amount = 0 and paid_number > 0 and start_date < last_paid_date as keeps_price,
        {{ money_of_double(ratio('amount', 'billing_months')) }} as own_mrr
    from numbered
),

subscriptions as (
    select
        subscription_id,
        owner_id as customer_id,
        shown_plan as plan,
        case
            when end_date > next_start_date or end_date is null then null
            when lower(trim(cancel_reason)) in ('voluntary', 'involuntary')
                then lower(trim(cancel_reason))
            else 'unknown'
        end as cancel_reason,
        billing_months,
        amount,
        case
            when keeps_price
                then max(own_mrr) over (partition by subscription_id, stretch, paid_number)
            else own_mrr
        end as mrr,
        coalesce(keeps_price, false) as is_free_period,
        start_date,
        least(end_date, next_start_date) as end_date
    from priced
)

select * from subscriptions
