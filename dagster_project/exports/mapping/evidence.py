"""Files that can be read in two ways: which of them is right is found in the values, or asked."""

from decimal import Decimal
from pathlib import Path

import duckdb

from ..config.load import ORDER_MONEY, Export
from ..contract import Table
from ..errors import ExportError
from ..formats.readers import Incoming
from ..proposal.words import meaning
from ..sql import identifier, literal
from . import numbers
from .ids import is_id

_SAMPLE = 2_000
_NEARLY_ALL = 0.9
#: A spreadsheet keeps so many digits of a number.
_DIGITS = 15
#: Words of names: with tax, without it, and what is no order's or line's amount.
_GROSS = frozenset(["gross", "incl", "total"])
_NET = frozenset(["net", "excl", "subtotal"])
_NO_AMOUNT = frozenset(
    ["tax", "shipping", "discount", "percent", "weight", "fee", "refund", "cost"]
)
#: So many ids do not end in zeros by chance.
_MANY_IDS = 20


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
    quantity times their price say so themselves. Of a discount, tax or shipping, orders speak whose
    lines are of different amounts. Lines that differ in what is said to be their order's are
    asked about too.
    """
    if export.grain != "line":
        return
    for column in ORDER_MONEY:
        if column not in export.columns:
            continue
        per = export.is_per(column)
        if per is None:
            _ask_what_is_shared(con, export, column, file, path)
        elif per == "order":
            _ask_what_differs(con, export, column, file, path)


def _ask_what_is_shared(
    con: duckdb.DuckDBPyConnection, export: Export, column: str, file: str, path: Path
) -> None:
    is_telling, is_line = "true", "false"
    if column == "amount":
        is_line = "bool_and(abs(amount - quantity * unit_price) < 0.01)"
    elif "amount" not in export.amounts_of_order:
        goods = "amount" if "amount" in export.columns else "quantity * unit_price"
        is_telling = f"max({column}) <> 0 and min({goods}) <> max({goods})"
    several, shared, per_line, per_order = _shared(con, column, is_telling, is_line, file)
    if not several or shared < _NEARLY_ALL * several:
        return
    every, every_shared, _, _ = _shared(con, column, is_telling, is_line, None)
    if every_shared < _NEARLY_ALL * every:
        return
    said = (
        f"{path}: exports.orders.columns.{column}: {shared} of {several} orders with several lines"
        f" bear the same amount on each. If it is the line's, they come to {per_line:,.2f}: write"
        f" `amount_is_per: {_told(export, column, 'line')}`. If it is the order's, to"
        f" {per_order:,.2f}: "
    )
    if column == "discount_amount" and "amount" not in export.columns:
        said += (
            "map `amount:` with each line's share of it taken off, as in `{sql: 'units * price *"
            " (1 - discount / sum(units * price) over (partition by order_no))'}`, and "
        )
    raise ExportError(f"{said}write `amount_is_per: {_told(export, column, 'order')}`")


def _told(export: Export, column: str, per: str) -> str:
    """What `amount_is_per` says where it says of this column what it does not yet."""
    if column == "amount" and not export.amount_is_per:
        return per
    known = {name: export.is_per(name) for name in ORDER_MONEY if name in export.columns}
    told = {name: word for name, word in (known | {column: per}).items() if word}
    return "{" + ", ".join(f"{name}: {word}" for name, word in told.items()) + "}"


def _shared(
    con: duckdb.DuckDBPyConnection, column: str, is_telling: str, is_line: str, file: str | None
) -> tuple[int, int, Decimal, Decimal]:
    """Orders of several lines, and those that bear one amount on each; its sum by line, by order.

    Of one file, or of all.
    """
    where = "" if file is None else f" and _file = {literal(file)}"
    return con.execute(
        "select count(*), count(*) filter (where is_shared and not coalesce(is_line, false)),"
        " coalesce(sum(summed), 0), coalesce(sum(once), 0) from ("
        f"select max({column}) as once, sum({column}) as summed, count({column}) = count(*)"
        f" and min({column}) = max({column}) and max({column}) <> 0 as is_shared,"
        f" {is_line} as is_line from raw.orders where order_id is not null{where}"
        f" group by _file, order_id having count(*) > 1 and {is_telling})"
    ).fetchall()[0]


def _ask_what_differs(
    con: duckdb.DuckDBPyConnection, export: Export, column: str, file: str, path: Path
) -> None:
    several, differing, per_line, per_order = con.execute(
        f"select count(*), count(*) filter (least <> most), sum(summed), sum(most) from ("
        f"select min({column}) as least, max({column}) as most, sum({column}) as summed"
        f" from raw.orders where _file = {literal(file)} and order_id is not null"
        f" group by order_id having count({column}) > 1 and max({column}) <> 0)"
    ).fetchall()[0]
    if differing > (1 - _NEARLY_ALL) * several:
        raise ExportError(
            f"{path}: exports.orders.columns.{column}: it is said to be the order's, but differs"
            f" between the lines of {differing} of {several} orders. Of the lines they come to"
            f" {per_line:,.2f}, one of each order to {per_order:,.2f}: write"
            f" `amount_is_per: {_told(export, column, 'line')}`"
        )


def gross_beside_net(export: Export, incoming: Incoming) -> tuple[str, str] | None:
    """Our column of money whose name says gross, with a sentence, where a net one is not mapped.

    What an expression makes of them is as it says.
    """
    ours = next((name for name in ("amount", "unit_price") if name in export.columns), None)
    if ours is None or ours in export.computed or ours not in export.named:
        return None
    mapped = set(meaning(export.named[ours]))
    if not mapped & _GROSS or mapped & _NET:
        return None
    used = {name.lower() for name in export.named.values()}
    beside = (
        name
        for name in incoming.columns
        if name.lower() not in used
        and (words := set(meaning(name))) & _NET
        and not words & _NO_AMOUNT
        and ("price" in words) == ("price" in mapped)
    )
    if (net := next(beside, None)) is None:
        return None
    return ours, (
        f"{ours} is `{export.named[ours]}`, gross or a total by its name, and `{net}` is not"
        " mapped: figures are meant without tax; `sql:` says that it is meant all the same"
    )


def stop_at_cut_ids(
    con: duckdb.DuckDBPyConnection, table: Table, export: Export, file: str, path: Path
) -> None:
    """Raise ExportError where a spreadsheet has cut the digits of ids: strangers share one then.

    It keeps fifteen and writes zeros for the others. That nearly all of many ids longer than
    that have nothing but zeros there is no chance; a few are. Ids of an expression are as it says.
    """
    ids = [c.name for c in table.columns.values() if c.name in export.named and is_id(c)]
    if not ids:
        return
    may_be = ", ".join(
        f"count(*) filter (where strlen({name}) > {_DIGITS} and ends_with({name}, '0'))"
        for name in ids
    )
    raw = f"raw.{identifier(table.name)}"
    here = f" and _file = {literal(file)}"
    counts = con.execute(f"select {may_be} from {raw} where true{here}").fetchall()[0]
    for name in [name for name, rows in zip(ids, counts, strict=True) if rows]:
        for where in (here, ""):
            cut, long = con.execute(
                f"select count(*) filter (where rtrim({name}[{_DIGITS + 1}:], '0') = ''), count(*)"
                f" from (select distinct {name} from {raw} where strlen({name}) > {_DIGITS}"
                f" and regexp_full_match({name}, '[1-9][0-9]+'){where})"
            ).fetchall()[0]
            if not long or cut < _NEARLY_ALL * long:
                break
            if long >= _MANY_IDS:
                raise ExportError(
                    f"{path}: exports.{table.name}.columns.{name}: {cut} of {long} ids with more"
                    f" than {_DIGITS} digits have nothing but zeros after them: a spreadsheet has"
                    " cut them, and what is left of two may be the same. Deliver the file as its"
                    " system wrote it; if the ids are so, map them with `sql:`"
                )
