-- A row is a customer whose points, movement by movement, do not come to the balance.


with movements as (
    select
        points.customer_id,
        sum(
            points.points * case when points.kind in ('redeemed', 'expired') then -1 else 1 end
        ) as balance
    from "build"."staging"."stg_loyalty_points" as points
    inner join "build"."core"."as_of" as as_of on points.movement_date <= as_of.as_of_date
    group by points.customer_id
)

select
    coalesce(movements.customer_id, balances.customer_id) as customer_id,
    movements.balance as balance_of_movements,
    balances.balance
from movements
full outer join "build"."marts"."loyalty_balances" as balances
    on movements.customer_id = balances.customer_id
where
    movements.balance is distinct from balances.balance
    or balances.balance - balances.adjusted
    <> balances.accrued - balances.redeemed - balances.expired