"""What the exports come to, to be compared with a shop's own back office, and what is implausible.

Read from raw, the ledger and staging: of a run, or of `retention check`.
"""

import json
from collections.abc import Iterator, Sequence

import duckdb

from ..exports.config.load import ExportsConfig
from ..exports.contract import Table, load_contract
from ..exports.proposal.words import meaning
from ..exports.sql import identifier

_MONEY = frozenset(["amount", "total", "subtotal", "net", "gross", "price"])
_NO_MONEY = frozenset(("id", "date", "lifetime", "spent", "orders", "quantity", "percent"))
_NO_MONEY |= {"currency", "method"}
_MONTHS = 36
_STATES = ("duplicate", "superseded", "quarantined")


def summary(
    con: duckdb.DuckDBPyConnection,
    config: ExportsConfig,
    facts: str,
    problems: Sequence[str] = (),
) -> Iterator[str]:
    """Lines of text; `facts` is the relation of `implausible_facts`, told below the `problems`."""
    contract = load_contract()
    for name in [name for name in contract.tables if name in config.exports]:
        yield from _export(con, contract.tables[name])
        if name == "orders":
            yield from _orders(con, config)
        if name == "refunds":
            yield from _refunds(con)
        if left := _money_left_out(con, config, name):
            yield f"  money columns left out: {', '.join(left)}"
    yield from _implausible(con, config, facts, problems)


def _export(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[str]:
    rows, rejected, files = con.execute(
        "select coalesce(sum(rows_in_file), 0)::bigint, coalesce(sum(rows_rejected), 0)::bigint,"
        " count(*) from ledger.files where export = ?",
        [table.name],
    ).fetchall()[0]
    states = dict(
        con.execute(
            f"select row_status, count(*) from staging.{identifier(table.staged)} group by 1"
        ).fetchall()
    )
    words = {"duplicate": "duplicate", "superseded": "superseded", "quarantined": "held back"}
    told = [f"{states[s]:,} {words[s]}" for s in _STATES if states.get(s)]
    used = [f"{states.get('used', 0):,} used", *told, f"{rejected:,} rejected"]
    of_files = f"{files:,} file{'s' if files != 1 else ''}"
    yield f"{table.name}: {rows:,} rows of {of_files}: {', '.join(used)}"
    if table.day:
        first, last = con.execute(
            f"select min({table.day}), max({table.day}) from staging.{identifier(table.staged)}"
            " where row_status = 'used'"
        ).fetchall()[0]
        if first:
            yield f"  from {first} to {last}"
    for reason, count, file, line in con.execute(
        "select reason, count(*), min_by(_file, (_file, _line)), min_by(_line, (_file, _line))"
        " from ledger.rejects where export = ? group by reason order by 2 desc, 1 limit 5",
        [table.name],
    ).fetchall():
        yield f"  rejected {count:,}: {reason} (first: {file}, line {line})"
    if states.get("quarantined"):
        has_money = {"amount", "currency"} <= table.columns.keys()
        money = "sum(amount)::double" if has_money else "null"
        currencies = (
            "string_agg(distinct currency, ', ' order by currency)" if has_money else "null"
        )
        for reason, count, file, line, held, of in con.execute(
            "select quarantine_reason, count(*), min_by(_file, (_file, _line)),"
            f" min_by(_line, (_file, _line)), {money}, {currencies}"
            f" from staging.{identifier(table.staged)}"
            " where row_status = 'quarantined' group by 1 order by 2 desc, 1 limit 5"
        ).fetchall():
            more = f", of {_money(held)} in all" if held else ""
            if reason == "currency has no exchange rate on its day":
                more = f", in {of}"
            yield f"  held back {count:,}: {reason}{more} (first: {file}, line {line})"


def _orders(con: duckdb.DuckDBPyConnection, config: ExportsConfig) -> Iterator[str]:
    used = "from staging.stg_order_rows where row_status = 'used'"
    counts = f"{used} and status in ('counted', 'refunded')"
    columns = "order_id, customer_id, order_date, amount, status = 'refunded' as is_refunded"
    number = "count(*)"
    if config.exports["orders"].grain == "line":
        columns = "order_id, min(customer_id) as customer_id, min(order_date) as order_date,"
        columns += " sum(amount) as amount, bool_and(status = 'refunded') as is_refunded"
        counts, number = f"{counts} group by order_id", "count(distinct order_id)"
    con.execute(f"create or replace temp table checked_orders as select {columns} {counts}")
    con.execute(
        "create or replace temp table checked_customers as select customer_id, count(*) as orders"
        " from checked_orders where amount >= 0 group by customer_id"
    )
    orders, without, customers, again = con.execute(
        "select coalesce(sum(orders), 0)::bigint,"
        " coalesce(sum(orders) filter (customer_id is null), 0)::bigint, count(customer_id),"
        " count(customer_id) filter (orders > 1) from checked_customers"
    ).fetchall()[0]
    largest, refunded, free = con.execute(
        "select max(amount)::double, count(*) filter (is_refunded and amount >= 0),"
        " count(*) filter (amount = 0) from checked_orders"
    ).fetchall()[0]
    kinds = [f"{refunded:,} of them refunded since"] if refunded else []
    kinds += [f"{free:,} of them of 0"] if free else []
    since = f", {', '.join(kinds)}," if kinds else ""
    yield (
        f"  {orders:,} orders that count{since} by {customers:,} customers,"
        f" {_share(without, orders)} of them without a customer"
    )
    yield (
        f"  {_share(again, customers)} of customers bought again; the largest order is"
        f" {_money(largest)}"
    )
    ((notes, given_back),) = con.execute(
        "select count(*), sum(amount)::double from checked_orders where amount < 0"
    ).fetchall()
    what = "status, orders below zero among them" if notes else "status"
    yield from _by(con, what, "status", number, used)
    ((currencies,),) = con.execute(f"select count(distinct currency) {used}").fetchall()
    if currencies > 1:
        in_its_own = (
            "from (select raw.currency, raw.order_id, raw.amount from raw.orders as raw semi join"
            f" (select _file, _line {used} and status in ('counted', 'refunded')) as used"
            " on raw._file = used._file and raw._line = used._line)"
        )
        yield from _by(con, "currency, in its own money", "currency", number, in_its_own)
    months = "from checked_orders where amount >= 0"
    what = "month, refunded ones among them" if refunded else "month"
    if notes:
        what += f"; {notes:,} below zero ({_money(given_back)}) left out"
    yield from _by(con, what, "strftime(order_date, '%Y-%m')", "count(*)", months)


def _by(
    con: duckdb.DuckDBPyConnection, what: str, column: str, number: str, rows: str
) -> Iterator[str]:
    """Orders and their money by a column of `rows`."""
    found = con.execute(
        f"select coalesce({column}, 'none') as value, {number}, sum(amount)::double {rows}"
        " group by value order by value"
    ).fetchall()
    yield f"  by {what}:"
    if len(found) > _MONTHS:
        yield f"    ... {len(found) - _MONTHS} earlier"
    for value, orders, amount in found[-_MONTHS:]:
        yield f"    {value:<12} {orders:>10,} orders {_money(amount):>18}"


def _refunds(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    refunds, money = con.execute(
        "select count(*), sum(amount)::double from staging.stg_refund_rows"
        " where row_status = 'used' and status = 'counted'"
    ).fetchall()[0]
    if refunds:
        yield f"  {refunds:,} that count, of {_money(money)} without tax and shipping"


def _money_left_out(con: duckdb.DuckDBPyConnection, config: ExportsConfig, name: str) -> list[str]:
    """Columns that are money by their names and are not mapped."""
    table = load_contract().tables[name]
    if "amount" not in table.columns:
        return []
    export = config.exports[name]
    used = " ".join([*export.named.values(), *export.computed.values(), export.where or ""]).lower()
    columns = con.execute(
        "select columns from ledger.files where export = ? order by file limit 1", [name]
    ).fetchall()
    return [
        column
        for (text,) in columns
        for column in json.loads(text)
        if column.lower() not in used
        and set(meaning(column)) & _MONEY
        and not set(meaning(column)) & _NO_MONEY
    ]


def _implausible(
    con: duckdb.DuckDBPyConnection, config: ExportsConfig, facts: str, problems: Sequence[str]
) -> Iterator[str]:
    todos = config.todos()
    found = con.execute(
        f"select export, warning, occurrences, setting from {facts} order by export, warning"
    ).fetchall()
    if not found and not problems:
        yield "nothing looks implausible"
        return
    yield "to be looked at:"
    yield from (f"  {problem}" for problem in problems)
    for export, warning, occurrences, setting in found:
        if warning.endswith("is still a TODO"):
            key = (export, warning.removesuffix(" is still a TODO"))
            yield f"  {setting} is still a TODO: {todos.get(key, '')}".rstrip(": ")
        else:
            yield f"  {export}.{warning} ({occurrences:,}); see {setting}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "0.0 %"


def _money(amount: float | None) -> str:
    return f"{amount or 0:,.2f}"
