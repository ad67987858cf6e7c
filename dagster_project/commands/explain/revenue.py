"""The revenue of a month, as the report has it: what all cohorts of cohort_value brought in it."""

from ...exports.errors import ExportError
from ...warehouse.files import Warehouse
from .sources import MASK, Explained, Figure, drift, month_of, rows_and_figures, within

#: Orders, and refunds on the day of the view; a refund dated before the customer's first order
#: belongs to the month of that order.
_FLOWS = """
with as_of as (select as_of_date from core.as_of),
flows as (
    select
        'order' as kind, order_id, customer_id, amount, order_date as happened_on,
        order_date as flow_date
    from core.orders
    union all
    select
        'refund, ' || origin as kind,
        case when origin = 'refund export' then null else refund_id end as order_id,
        customer_id, -amount as amount, refund_date as happened_on, {refunded_on} as flow_date
    from core.refunds
),
counted as (
    select flows.* from flows, as_of
    where flows.happened_on <= as_of.as_of_date and flows.flow_date <= as_of.as_of_date
),
firsts as (
    select customer_id, min(happened_on) as first_date from counted
    where kind = 'order' and customer_id is not null
    group by customer_id
),
in_month as (
    select
        counted.*, firsts.customer_id is not null as is_of_a_buyer
    from counted
    left join firsts on counted.customer_id = firsts.customer_id
    where greatest(counted.flow_date, coalesce(firsts.first_date, counted.flow_date))
        between $first and $last
)
"""
_ROWS = f"""{_FLOWS},
places as (
    select
        order_id, min_by(_file, (_file, _line)) as file, min_by(_line, (_file, _line)) as line
    from staging.stg_order_rows
    where row_status = 'used'
    group by order_id
)
select
    {MASK.format("in_month.customer_id")} as customer, in_month.kind,
    in_month.happened_on, in_month.amount, places.file, places.line
from in_month
left join places on in_month.order_id = places.order_id
where in_month.is_of_a_buyer
order by in_month.happened_on, customer, in_month.kind, in_month.amount, places.line
"""
_OTHERS = f"""{_FLOWS}
select kind = 'order' as is_order, count(*), sum(amount) from in_month
where not is_of_a_buyer
group by is_order
order by is_order desc
"""
_DAYS = {"cash": "refund_date", "cohort": "order_date"}
_COLUMNS = {"cash": "revenue_cash", "cohort": "revenue"}


def explain_month(warehouse: Warehouse, month: str, view: str) -> Explained:
    """The orders and refunds of a month, refunds as the view has them.

    Raises ExportError where nothing is published of the month, with what there is.
    """
    first, last = month_of(month)
    days = {"first": first, "last": last}
    with rows_and_figures(warehouse) as con:
        months = "cast(cohort_month + to_months(months_since_first_order) as date)"
        ((cohorts, published),) = con.execute(
            f"select count(*), sum({_COLUMNS[view]}) from published.cohort_value"
            f" where {months} = ?",
            [first],
        ).fetchall()
        if not cohorts:
            raise ExportError(within(con, f"{first:%Y-%m}", "cohort_value", months, "true"))
        rows = con.execute(_ROWS.format(refunded_on=_DAYS[view]), days).fetchall()
        columns = tuple(column[0] for column in con.description or ())
        others = con.execute(_OTHERS.format(refunded_on=_DAYS[view]), days).fetchall()
        drifted = drift(con)
    figures = [Figure(_COLUMNS[view], sum(row[3] for row in rows), published)]
    notes = [
        f"{sum(row[1] == 'order' for row in rows):,} orders and"
        f" {sum(row[1] != 'order' for row in rows):,} refunds of {len({row[0] for row in rows}):,}"
        f" customers, who are of {cohorts} cohorts"
    ]
    words = {True: "orders without a customer", False: "refunds to nobody who has ordered"}
    notes += [
        f"in no cohort, and so not in it: {words[is_order]}: {count:,}, {amount:,.2f}"
        for is_order, count, amount in others
    ]
    what = f"revenue of {first:%Y-%m}, {view} view: {_COLUMNS[view]} of cohort_value"
    return Explained(what, columns, rows, figures, notes, drifted)
