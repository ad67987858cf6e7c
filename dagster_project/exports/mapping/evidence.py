"""Files that can be read in two ways: which of them is right is found in the values, or asked."""

from pathlib import Path

import duckdb

from ..config.load import Export
from ..contract import Table
from ..errors import ExportError
from ..formats.readers import Incoming
from ..sql import identifier, literal
from . import numbers

_SAMPLE = 2_000
_NEARLY_ALL = 0.9


def ask_for_separators(
    con: duckdb.DuckDBPyConnection, table: Table, export: Export, incoming: Incoming, path: Path
) -> None:
    """Raise ExportError where each sign in the file's numbers may separate thousands as well.

    1,234 is a thousand in one country and one and a quarter in another. One value that can only be
    one of the two decides for the file, and so does `thousands:`.
    """
    columns = _numbers_as_text(table, export, incoming)
    has_points = incoming.is_json and export.decimal == "."  # as JSON's own numbers have
    if export.thousands is not None or not columns or has_points:
        return
    sign = export.decimal
    either = literal(numbers.either(sign))
    decided = literal(numbers.form(sign, None))
    for limit in (f" limit {_SAMPLE}", ""):
        counts = con.execute(
            " union all ".join(
                f"select {literal(ours)}, count(*) filter (where is_either),"
                " count(*) filter (where not is_either and is_number) from ("
                f"select regexp_full_match(v, {either}) as is_either,"
                f" regexp_full_match(v, {decided}) as is_number from ("
                f"select trim({identifier(name)}) as v from {incoming.relation}{limit})"
                f" where contains(v, {literal(sign)}))"
                for ours, name in columns.items()
            )
        ).fetchall()
        if any(told for _, _, told in counts):
            return
    unclear = [(ours, rows) for ours, rows, _ in counts if rows]
    if not unclear:
        return
    other = "," if sign == "." else "."
    which = ", ".join(f"{ours} ({rows} values)" for ours, rows in unclear)
    thousands = f"`thousands: '{sign}'`" + (" and `decimal: ','`" if sign == "." else "")
    if sign == ",":
        thousands += " without `decimal:`"
    raise ExportError(
        f"{path}: exports.{table.name}: numbers can be read in two ways: in {which} each '{sign}' "
        f"stands before three digits, as in 1{sign}234. Write {thousands} if that is 1234, "
        f"`thousands: '{other}'` if it is 1.234" + (" with `decimal: ','`" if sign == "," else "")
    )


def ask_for_currency(
    con: duckdb.DuckDBPyConnection, table: Table, export: Export, incoming: Incoming, path: Path
) -> None:
    """Raise ExportError where amounts bear the signs of several currencies, and no column says."""
    if "currency" not in export.number_style or "currency" in export.columns:
        return
    columns = [identifier(name) for name in _numbers_as_text(table, export, incoming).values()]
    if not columns:
        return
    signs = " union ".join(
        f"select {numbers.currency_sign(c)} as sign from {incoming.relation}" for c in columns
    )
    known = con.execute(
        f"select distinct sign from ({signs}) where sign is not null order by 1"
    ).fetchall()
    if len(known) > 1:
        raise ExportError(
            f"{path}: exports.{table.name}: amounts bear the signs of {len(known)} currencies"
            f" ({', '.join(sign for (sign,) in known[:5])}); map the column `currency`, or give"
            " each currency files of its own"
        )


def _numbers_as_text(table: Table, export: Export, incoming: Incoming) -> dict[str, str]:
    """Our columns of numbers with fractions that the file holds as text, with its names of them."""
    found = {name.lower(): name for name in incoming.columns}
    return {
        ours: found[theirs.lower()]
        for ours, theirs in export.named.items()
        if theirs.lower() in found
        and ours in table.columns
        and table.columns[ours].data_type.startswith("decimal")
        and incoming.columns[found[theirs.lower()]] == "VARCHAR"
    }


def ask_what_amounts_are_of(
    con: duckdb.DuckDBPyConnection, export: Export, file: str, path: Path
) -> None:
    """Raise ExportError where lines of an order all bear one amount: is it theirs or the order's?

    It is looked at in raw, among the orders of the file that have several lines, and in those of
    other files where these leave it open. `amount_is_per` says which; lines whose amount is their
    quantity times their price say so themselves.
    """
    if export.grain != "line" or export.amount_is_per or "amount" not in export.columns:
        return
    orders = (
        "select _file, order_id, count(*) as lines, max(amount) as amount, sum(amount) as summed,"
        " min(amount) = max(amount) and max(amount) <> 0 as is_shared,"
        " bool_and(abs(amount - quantity * unit_price) < 0.01) as is_line"
        " from raw.orders where order_id is not null {where} group by _file, order_id"
        " having count(*) > 1"
    )
    counts = (
        "select count(*), count(*) filter (where is_shared and not coalesce(is_line, false)),"
        " sum(summed), sum(amount) from ({orders})"
    )
    told = f"and _file = {literal(file)}"
    several, shared, per_line, per_order = con.execute(
        counts.format(orders=orders.format(where=told))
    ).fetchall()[0]
    if not several or shared < _NEARLY_ALL * several:
        return
    every, every_shared, _, _ = con.execute(
        counts.format(orders=orders.format(where=""))
    ).fetchall()[0]
    if every_shared < _NEARLY_ALL * every:
        return
    raise ExportError(
        f"{path}: exports.orders.columns.amount: {shared} of {several} orders with several lines"
        f" bear the same amount on each. If it is the line's, they come to {per_line:,.2f}: write"
        f" `amount_is_per: line`. If it is the order's, to {per_order:,.2f}: write"
        " `amount_is_per: order`"
    )
