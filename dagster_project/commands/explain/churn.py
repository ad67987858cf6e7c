"""A month of monthly_churn: who came, who came back and who was lost, and when last seen."""

from ...exports.errors import ExportError
from ...warehouse.files import Warehouse
from .sources import MASK, Explained, Figure, drift, month_of, one_of, rows_and_figures, within

_ROWS = f"""
with seen as (
    select activity as base, customer_id, activity_date as seen_on
    from core.customer_activity_days
    union all
    select 'subscription' as base, customer_id, end_date as seen_on
    from core.subscription_episodes
),
moved as (
    select
        customers.customer_id, movements.movement, movements.movement_date,
        max(seen.seen_on) as seen_before
    from intermediate.churn_movements as movements
    inner join core.customer_keys as customers
        on movements.customer_key = customers.customer_key
    left join seen
        on movements.base = seen.base and customers.customer_id = seen.customer_id
        and seen.seen_on < movements.movement_date
            -- without days of grace, a contract is over on the day it ends
            + case when movements.movement = 'churned' then 1 else 0 end
    where movements.base = ? and movements.movement_date between ? and ?
    group by customers.customer_id, movements.movement, movements.movement_date
)
select
    {MASK.format("customer_id")} as customer, movement, movement_date as moved_on, seen_before,
    movement_date - seen_before as days_of_silence
from moved
order by case movement when 'churned' then 1 when 'reactivated' then 2 else 3 end,
    moved_on, customer
"""
_BEFORE = """
select coalesce(sum(case movement when 'churned' then -1 else 1 end), 0)::bigint
from intermediate.churn_movements
where base = ? and movement_date < ?
"""


def explain_month(warehouse: Warehouse, month: str, base: str) -> Explained:
    """The customers that moved in a month, the lost ones first.

    Raises ExportError where there is no such month, with those there are.
    """
    first, last = month_of(month)
    with rows_and_figures(warehouse) as con:
        one_of(con, "base", base, "select distinct base from published.monthly_churn")
        found = con.execute(
            "select opening_customers, new_customers, reactivated_customers, churned_customers,"
            " closing_customers, churn_rate, incomplete_reason"
            " from published.monthly_churn where base = ? and month = ?",
            [base, first],
        ).fetchall()
        if not found:
            where = f"base = '{base}'"
            raise ExportError(within(con, f"{first:%Y-%m}", "monthly_churn", "month", where))
        *published, rate, reason = found[0]
        rows = con.execute(_ROWS, [base, first, last]).fetchall()
        columns = tuple(column[0] for column in con.description or ())
        ((opening,),) = con.execute(_BEFORE, [base, first]).fetchall()
        drifted = drift(con)
    counts = {
        movement: sum(row[1] == movement for row in rows)
        for movement in ("new", "reactivated", "churned")
    }
    closing = opening + counts["new"] + counts["reactivated"] - counts["churned"]
    names = ("opening", "+ new", "+ reactivated", "- churned", "= closing")
    figures = [
        Figure(name, counted, told)
        for name, counted, told in zip(
            names, (opening, *counts.values(), closing), published, strict=True
        )
    ]
    notes = [f"not complete: {reason}"] if reason else []
    if rate is not None:
        notes.append(f"published churn_rate, churned of opening: {rate:.4f}")
    return Explained(
        f"monthly_churn, base {base}, {first:%Y-%m}", columns, rows, figures, notes, drifted
    )
