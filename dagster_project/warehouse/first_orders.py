"""Customers whose first order is on another day than a run ago: late orders, links, merges.

A first order decides a customer's cohort, so cohorts that were complete change with it. Kept in the
ledger of the build file, beside what the loader remembers; no figure uses it.
"""

from dataclasses import dataclass

import duckdb

_TABLES = """
create table if not exists ledger.first_orders (customer_id varchar, first_order_date date);
create table if not exists ledger.first_order_moves (
    run_id varchar, customer_id varchar, previous_date date, first_order_date date
);
"""
_NOTE_MOVES = """
insert into ledger.first_order_moves
select $run_id, before.customer_id, before.first_order_date, now.first_order_date
from ledger.first_orders as before
left join core.customer_orders as now using (customer_id)
where now.first_order_date is distinct from before.first_order_date
order by before.customer_id
"""
_REMEMBER = """
delete from ledger.first_orders;
insert into ledger.first_orders
select customer_id, first_order_date from core.customer_orders
where first_order_date is not null
"""


@dataclass(frozen=True)
class Moves:
    """How many customers' first orders a run moved; those `gone` have none left."""

    earlier: int
    later: int
    gone: int

    def __str__(self) -> str:
        return (
            f"the first order is another day than a run ago for {self.earlier + self.later:,}"
            f" customers ({self.earlier:,} earlier, {self.later:,} later), and {self.gone:,} have"
            " none any more (merged, corrected or left out); see ledger.first_order_moves"
        )


def note_first_orders(con: duckdb.DuckDBPyConnection, run_id: str) -> Moves | None:
    """Compare first orders with those of the run before, and remember them; None if none moved."""
    con.execute(_TABLES)
    con.execute("begin")
    con.execute(_NOTE_MOVES, {"run_id": run_id})
    con.execute(_REMEMBER)
    con.execute("commit")
    ((earlier, later, gone),) = con.execute(
        "select count(*) filter (where first_order_date < previous_date),"
        " count(*) filter (where first_order_date > previous_date),"
        " count(*) filter (where first_order_date is null)"
        " from ledger.first_order_moves where run_id = ?",
        [run_id],
    ).fetchall()
    return Moves(earlier, later, gone) if earlier + later + gone else None
