-- A row is a customer whose points, movement by movement, do not come to the balance.
{{ config(meta={'dagster': {'ref': {'name': 'loyalty_balances'}}}) }}

with movements as (
    select customer_id, sum(change) as balance
    from {{ ref('loyalty_movements') }}
    group by customer_id
)

select
    coalesce(movements.customer_id, balances.customer_id) as customer_id,
    movements.balance as balance_of_movements,
    balances.balance
from movements
full outer join {{ ref('loyalty_balances') }} as balances
    on movements.customer_id = balances.customer_id
where
    movements.balance is distinct from balances.balance
    or balances.balance - balances.adjusted
    <> balances.accrued - balances.redeemed - balances.expired
