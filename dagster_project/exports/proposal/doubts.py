"""Whether each row of an order export is a sale: what columns, numbers and words say against it."""

from collections.abc import Iterator

import duckdb

from ..sql import identifier, literal
from .draft import Ask, Draft, Reading
from .look import Look
from .roles import tokens
from .sums import CENT, number
from .words import meaning

#: Kinds of rows are few, and each has many rows.
_MOST_KINDS, _MOST_NUMBERED = 6, 4
#: What names say that tell nothing of whether a row counts.
_HARMLESS = frozenset(
    [
        "channel",
        "device",
        "country",
        "city",
        "address",
        "platform",
        "medium",
        "source",
        "campaign",
        "method",
        "product",
        "description",
        "age",
        "gender",
        "ip",
        "first",
        "last",
        "comment",
        "currency",
        "session",
        "page",
        "interval",
        "plan",
        "points",
        "score",
        "consent",
        "weight",
        "name",
        "message",
        "sms",
        "push",
        "birth",
        "group",
        "customer",
        "quantity",
        "line",
        "shipping",
        "tax",
        "discount",
        "coupon",
        "percent",
        "views",
        "referrer",
        "invited",
        "monthly",
        "phone",
        "email",
    ]
)
#: Moments that say that an order came to an end, or that it may have.
_ENDS = frozenset(["cancelled", "end", "refund"])
#: Goods that are none.
_NO_GOODS = frozenset(["shipping", "tip", "fee", "discount", "coupon", "total", "subtotal"])
#: A line of nearly every order is rarely of goods.
_IN_MOST_ORDERS = 0.5
#: Numbers of one kind of document look alike, but for their digits.
_MOST_SHAPES, _LEAST_OF_A_SHAPE = 6, 0.02
#: Beginnings of words in remarks by which a row is no sale.
_NO_SALE = "test[^a-z]|test$|storn|cancel|annul|anulow|geannul|iptal|отмен"


def ask_what_counts(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Ask of the columns that may say of rows that they are no sales: kinds, ends and remarks."""
    found = [
        *_kinds(con, look, draft),
        *_shapes(con, look, draft),
        *_ended(look, draft),
        *_remarks(con, look, draft),
    ]
    if not found:
        return
    question = (
        f"do all rows count? Look at {'; '.join(found)}. Quotes, tests and what was cancelled are"
        " left out by a condition for those that count, as in `where: \"type\" = 'invoice'`, or by"
        " a `status_map`; credit notes are refunds, an export of their own with another `where:`"
    )
    draft.asks.append(Ask("where", question))


def _kinds(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> Iterator[str]:
    for name, v in look.values.items():
        words = set(tokens(name))
        if draft.names(name) or not v.few or v.is_time or v.is_currency or v.is_email:
            continue
        is_of_lines = words in ({"type"}, {"line", "type"})
        if v.is_nested or (words & _HARMLESS and not is_of_lines) or words == {"paid", "type"}:
            continue
        most = _MOST_NUMBERED if v.is_number and not words & {"type", "status"} else _MOST_KINDS
        kinds = v.distinct + (v.filled < v.rows)
        if not 2 <= kinds <= most or kinds * 5 > v.rows or "." in v.few[0][0]:
            continue
        has_lines = draft.options.get("grain") == "line"
        if has_lines and not is_of_lines and not _is_the_orders(con, look, draft, name):
            continue
        counts = [*v.few, *([("empty", v.rows - v.filled)] if v.filled < v.rows else [])]
        yield f"`{name}` ({', '.join(f'{value}: {count:,}' for value, count in counts)})"


def _is_the_orders(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft, name: str) -> bool:
    """Whether all lines of an order say the same."""
    order = draft.columns.get("order_id")
    if not isinstance(order, str):
        return True
    ((differing,),) = con.execute(
        f"select count(*) from (select 1 from {look.name} group by {identifier(order)}"
        f" having count(distinct {identifier(name)}) > 1)"
    ).fetchall()
    return differing == 0


def _ended(look: Look, draft: Draft) -> Iterator[str]:
    for name, v in look.values.items():
        is_some = 0 < v.filled < v.rows
        if v.is_time and is_some and not draft.names(name) and set(tokens(name)) & _ENDS:
            yield f"`{name}` (filled in {v.filled:,} of {v.rows:,} rows)"


def _shapes(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> Iterator[str]:
    """Numbers of orders that are written in several ways, as those of quotes and invoices are."""
    order = draft.columns.get("order_id")
    if not isinstance(order, str):
        return
    shape = f"regexp_replace({identifier(order)}, '[0-9]+', '9', 'g')"
    found = con.execute(
        f"select {shape}, count(*), min({identifier(order)}) from {look.name}"
        f" where {identifier(order)} <> '' group by 1 order by 2 desc, 1 limit {_MOST_SHAPES + 1}"
    ).fetchall()
    rows = sum(count for _, count, _ in found)
    if 2 <= len(found) <= _MOST_SHAPES and found[-1][1] >= _LEAST_OF_A_SHAPE * rows:
        told = ", ".join(f"{count:,} as {first}" for _, count, first in found)
        yield f"`{order}` (of several kinds: {told})"


def _remarks(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> Iterator[str]:
    for name, v in look.values.items():
        if v.is_number or v.is_time or v.is_nested or not v.filled:
            continue
        if name == draft.columns.get("status"):
            continue
        says = f"regexp_matches(lower({identifier(name)}), '(^|[^a-zа-я])({_NO_SALE})')"
        ((rows,),) = con.execute(f"select count(*) filter ({says}) from {look.name}").fetchall()
        if 0 < rows <= 0.2 * v.rows:
            yield f"`{name}` (tells of a test or of a cancellation in {rows:,} rows)"


def ask_of_goods(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Ask of lines whose goods are none: postage, a fee, a total, what stands in most orders."""
    order = draft.columns.get("order_id")
    if draft.options.get("grain") != "line" or not isinstance(order, str):
        return
    for name, v in look.values.items():
        if not v.repeats or v.is_number or v.is_time or v.is_nested or v.is_email:
            continue
        goods = con.execute(
            f"select {identifier(name)}, count(distinct {identifier(order)}), count(*),"
            f" (select count(distinct {identifier(order)}) from {look.name}) from {look.name}"
            f" where {identifier(name)} <> '' group by 1 order by 3 desc, 1 limit 50"
        ).fetchall()
        is_of_goods = bool(set(tokens(name)) & {"product", "description"})
        odd = [
            (value, orders, of)
            for value, orders, rows, of in goods
            if set(meaning(value)) & _NO_GOODS
            or (
                is_of_goods and orders == rows and orders >= _IN_MOST_ORDERS * of and len(goods) > 2
            )
        ]
        if odd and (is_of_goods or not set(tokens(name)) & _HARMLESS):
            said = ", ".join(f"{value} (in {n:,} of {of:,} orders)" for value, n, of in odd[:5])
            without = ", ".join(literal(value) for value, *_ in odd[:5])
            question = (
                f"are lines of `{name}` no goods: {said}? They are left out by"
                f" `where: {identifier(name)} not in ({without})`"
            )
            draft.asks.append(Ask("where", question))
            return


def ask_of_totals(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft, amount: str) -> None:
    """Ask of lines that come to what the others of their order do: totals, payments, parts."""
    order = draft.columns.get("order_id")
    if draft.options.get("grain") != "line" or not isinstance(order, str):
        return
    money = number(look, amount)
    several, twice = con.execute(
        f"select count(*), count(*) filter (abs(whole - 2 * greatest) < {CENT}) from (select"
        f" sum({money}) as whole, max({money}) as greatest from {look.name}"
        f" group by {identifier(order)} having count(*) > 2 and min({money}) > 0)"
    ).fetchall()[0]
    if several and twice >= 0.5 * several:
        question = (
            f"in {twice:,} of {several:,} orders of several lines one comes to the sum of the"
            f" others: is it their total, or what was paid? Then `{amount}` counts twice, until"
            " `where:` leaves it out"
        )
        draft.asks.append(Ask("where", question))


def ask_of_parts(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Ask of numbers with a suffix whether they are parts of one order, as split deliveries are."""
    order, who = draft.columns.get("order_id"), draft.columns.get("customer_id")
    who = who.get("name") if isinstance(who, dict) else who
    if not isinstance(order, str) or not isinstance(who, str):
        return
    stem = f"regexp_replace({identifier(order)}, '[-/._][0-9]{{1,2}}$', '')"
    ids, stems, alike = con.execute(
        f"select sum(ids), count(*), count(*) filter (ids > 1 and customers = 1) from (select"
        f" count(distinct {identifier(order)}) as ids, count(distinct {identifier(who)}) as"
        f" customers from {look.name} group by {stem})"
    ).fetchall()[0]
    if ids and stems < 0.9 * ids and alike >= 0.9 * (ids - stems):
        readings = [
            Reading("as they are"),
            Reading("by the number before it", columns={"order_id": {"sql": stem}}),
        ]
        question = (
            f"is the end of `{order}` a part of an order? Without it {ids:,.0f} orders are"
            f" {stems:,}, each of one customer."
        )
        draft.asks.append(Ask("columns.order_id", question, readings))
