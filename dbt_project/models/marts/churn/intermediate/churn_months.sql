with movements as (
    select
        *,
        {{ month_start('movement_date') }} as month
    from {{ ref('churn_movements') }}
),

customer_months as (
    select
        base,
        month,
        customer_key,
        count(*) filter (where movement = 'new') as new,
        count(*) filter (where movement = 'reactivated') as reactivated,
        count(*) filter (where movement = 'churned') as churned,
        min_by(movement, movement_date) as first_movement,
        max_by(movement, movement_date) as last_movement
    from movements
    group by base, month, customer_key
),

months as (
    select
        base,
        month,
        sum(new) as new_customers,
        sum(reactivated) as reactivated_customers,
        sum(churned) as churned_customers,
        sum(case when new > 0 then churned else 0 end) as churned_joiners,
        sum(case when first_movement = 'reactivated' then reactivated - 1 else reactivated end)
            as churned_returners,
        sum(case when new > 0 then reactivated else 0 end) as churned_joiners_returned,
        count(*) filter (where first_movement = 'reactivated' and last_movement = 'churned')
            as lost_returners,
        count(*) filter (where first_movement = 'churned' and last_movement = 'churned')
            as lost_opening_customers
    from customer_months
    group by base, month
)

select * from months
