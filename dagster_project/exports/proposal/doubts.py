"""What columns that no export has may say of orders: that rows are no sales, or more money."""

from collections.abc import Iterator, Mapping, Sequence

import duckdb

from ..sql import identifier, literal
from .draft import Ask, Draft, Reading
from .look import Look
from .roles import is_money, money_kind, tokens
from .sums import CENT, holds, in_sql, nearly_all, number
from .words import meaning

#: No tax on sales is higher than 27 of 100 of what is sold.
LEAST_NET = 1 / 1.28
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
        "landing",
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
_NO_GOODS = frozenset(["shipping", "tip", "fee", "discount", "coupon"])
#: A line of nearly every order is rarely of goods.
_IN_MOST_ORDERS = 0.5


def ask_what_counts(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Ask of the columns that may say of rows that they are no sales: kinds, ends and tests."""
    found = [*_kinds(con, look, draft), *_ended(look, draft), *_tests(con, look, draft)]
    if not found:
        return
    question = (
        f"do all rows count? Not mapped are {'; '.join(found)}. Credit notes, quotes, tests and"
        " what was cancelled are left out by a condition for those that count, as in"
        " `where: \"type\" = 'invoice'`, or by a `status_map`"
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
        if not 2 <= v.distinct <= most or v.distinct * 5 > v.filled or "." in v.few[0][0]:
            continue
        has_lines = draft.options.get("grain") == "line"
        if has_lines and not is_of_lines and not _is_the_orders(con, look, draft, name):
            continue
        yield f"`{name}` ({', '.join(f'{value}: {count:,}' for value, count in v.few)})"


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


def _tests(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> Iterator[str]:
    for name, v in look.values.items():
        if v.is_number or v.is_time or v.is_nested or not v.filled:
            continue
        is_test = f"regexp_matches({identifier(name)}, '(?i)(^|[^a-z])test([^a-z]|$)')"
        ((tests,),) = con.execute(f"select count(*) filter ({is_test}) from {look.name}").fetchall()
        if 0 < tests <= 0.2 * v.filled:
            yield f"`{name}` (has the word test in {tests:,} of {v.rows:,} rows)"


def ask_of_goods(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Ask of lines whose goods are none: postage, a fee, or what stands once in most orders."""
    order = draft.columns.get("order_id")
    if draft.options.get("grain") != "line" or not isinstance(order, str):
        return
    for name, v in look.values.items():
        if not set(tokens(name)) & {"product", "description"} or not v.repeats or v.is_number:
            continue
        goods = con.execute(
            f"select {identifier(name)}, count(distinct {identifier(order)}), count(*),"
            f" (select count(distinct {identifier(order)}) from {look.name}) from {look.name}"
            f" where {identifier(name)} <> '' group by 1 order by 3 desc, 1 limit 50"
        ).fetchall()
        odd = [
            (value, orders, of)
            for value, orders, rows, of in goods
            if set(meaning(value)) & _NO_GOODS
            or (orders == rows and orders >= _IN_MOST_ORDERS * of and len(goods) > 2)
        ]
        if odd:
            said = ", ".join(f"{value} (in {n:,} of {of:,} orders)" for value, n, of in odd[:5])
            without = ", ".join(literal(value) for value, *_ in odd[:5])
            question = (
                f"are lines of `{name}` no goods: {said}? They are left out by"
                f" `where: {identifier(name)} not in ({without})`"
            )
            draft.asks.append(Ask("where", question))
            return


def is_rate(look: Look, name: str, kind: str) -> bool:
    """Whether a tax or a discount is told in percent: by a few whole numbers without decimals,
    beside money that has some."""
    values = look.values[name]
    highest, most = (30, 4) if kind == "tax" else (100, 8)
    return (
        values.is_whole
        and values.lowest >= 0
        and 1 < values.highest <= highest
        and values.distinct <= most
        and bool(values.few)
        and all("." not in value and "," not in value for value, _ in values.few)
        and any(is_money(n, v) and v.filled and not v.is_whole for n, v in look.values.items())
    )


def rates_of(look: Look, kind: str) -> list[str]:
    """The columns that hold a rate of tax or of a discount, in percent."""
    found = []
    for name, v in look.values.items():
        words = set(tokens(name))
        if not v.is_number or v.is_time or not v.filled or not 0 <= v.lowest <= v.highest <= 100:
            continue
        if "percent" in words and (kind in words or (kind == "tax" and "discount" not in words)):
            if kind != "tax" or v.highest <= 30:
                found.append(name)
        elif is_money(name, v) and money_kind(name) == kind and is_rate(look, name, kind):
            found.append(name)
    return found


def less_rate(look: Look, amounts: Sequence[str], rate: str, kind: str) -> str:
    """The SQL of an amount, or of the product of several columns, without the tax that is in it, or
    with a discount taken off."""
    percent = f"coalesce({in_sql(look, rate)}, 0) / 100.0"
    if look.values[rate].few and any("%" in value for value, _ in look.values[rate].few):
        percent = f"coalesce(cast(replace({identifier(rate)}, '%', '') as double), 0) / 100.0"
    change = f"/ (1 + {percent})" if kind == "tax" else f"* (1 - {percent})"
    return f"round({' * '.join(in_sql(look, amount) for amount in amounts)} {change}, 2)"


def ask_of_money(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    draft: Draft,
    by_kind: Mapping[str, list[str]],
    chosen: str,
) -> None:
    """Ask of money beside the amount that is neither it nor its total, tax or other parts."""
    parts = {"refund", "lifetime", "discount", "tax", "shipping", "cost", "fee", "tip"}
    if draft.options.get("grain") == "line" or "quantity" in draft.columns:
        parts.add("unit_price")
    told = number(look, chosen)
    fee = next(iter(by_kind.get("fee", [])), None)
    readings = []
    for name, v in look.values.items():
        # what was paid by a gift card or with credit is no balance
        is_credit = "balance" in tokens(name) and v.is_number and not v.is_time
        # a price without a quantity is what the order came to, at some stage
        is_price = name == draft.columns.get("unit_price") and "quantity" not in draft.columns
        if not v.filled or name == chosen or (draft.names(name) and not is_price):
            continue
        if not is_credit and (not is_money(name, v) or money_kind(name) in parts):
            continue
        other = number(look, name)
        is_fee_in_it = fee is not None and holds(con, look, {chosen: 1, fee: 1, name: -1})
        is_known = not is_fee_in_it and (
            nearly_all(con, look, f"abs({told} - {other}) < {CENT}")
            or nearly_all(
                con,
                look,
                f"least({told}, {other}) >= {LEAST_NET} * greatest({told}, {other})",
                f"{told} > 0",
            )
            or any(
                holds(con, look, {chosen: 1, name: -1} | dict.fromkeys(others, 1))
                for others in _beside(by_kind)
            )
        )
        if is_known:
            continue
        reading = Reading(f"`{name}`", columns={"amount": name})
        if is_credit:
            sql = f"{in_sql(look, chosen)} + coalesce({in_sql(look, name)}, 0)"
            reading = Reading(f"`{chosen}` and `{name}` together", columns={"amount": {"sql": sql}})
        readings.append(reading)
    if readings:
        readings.insert(0, Reading("as it is", columns={}))
        question = f"is `{chosen}` all that was paid for the goods?"
        draft.asks.append(Ask("columns.amount", question, readings[:4]))


def _beside(by_kind: Mapping[str, list[str]]) -> list[list[str]]:
    """What a total may have in it beside the amount."""
    tax, shipping, tip = (by_kind.get(kind, [])[:1] for kind in ("tax", "shipping", "tip"))
    return [tax, shipping, tax + shipping, tax + shipping + tip]
