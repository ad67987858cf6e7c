"""Money beside the amount: rates in percent, what else was paid, and how amounts are written."""

import re
from collections.abc import Mapping, Sequence

import duckdb

from ..sql import identifier
from .draft import Ask, Draft, Reading
from .look import Look
from .roles import is_money, money_kind, tokens
from .sums import CENT, holds, in_sql, nearly_all, number

#: No tax on sales is higher than 27 of 100 of what is sold.
LEAST_NET = 1 / 1.28
#: Names of columns that hold thousands.
_THOUSANDS = r"(?i)(?<![a-z])[tk](eur|usd|gbp|chf|pln)(?![a-z])|thousand|tsd|тыс"


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
    proposed = draft.columns["amount"]
    sql = proposed["sql"] if isinstance(proposed, dict) else in_sql(look, chosen)
    named = chosen if proposed == chosen else sql
    # what the proposed amount has off is off in what it is compared with
    off = {n: -1 for n in by_kind.get("discount", [])[:1] if identifier(n) in sql}
    told = " - ".join([number(look, chosen), *(f"coalesce({number(look, n)}, 0)" for n in off)])
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
                holds(con, look, {chosen: 1, name: -1} | off | dict.fromkeys(others, 1))
                for others in _beside(by_kind)
            )
        )
        if is_known:
            continue
        reading = Reading(f"`{name}`", columns={"amount": name})
        if is_credit:
            both = {"sql": f"{sql} + coalesce({in_sql(look, name)}, 0)"}
            reading = Reading(f"`{named}` and `{name}` together", columns={"amount": both})
        readings.append(reading)
    if readings:
        readings.insert(0, Reading("as it is", columns={}))
        question = f"is `{named}` all that was paid for the goods?"
        draft.asks.append(Ask("columns.amount", question, readings[:4]))


def _beside(by_kind: Mapping[str, list[str]]) -> list[list[str]]:
    """What a total may have in it beside the amount."""
    tax, shipping, tip = (by_kind.get(kind, [])[:1] for kind in ("tax", "shipping", "tip"))
    return [tax, shipping, tax + shipping, tax + shipping + tip]


def ask_of_thousands(look: Look, draft: Draft, chosen: str) -> None:
    """Ask of an amount whose name says that it is in thousands."""
    if re.search(_THOUSANDS, chosen):
        sql = f"{in_sql(look, chosen)} * 1000"
        readings = [
            Reading("as it is"),
            Reading("in thousands", columns={"amount": {"sql": sql}}),
        ]
        question = f"is `{chosen}` in thousands?"
        draft.asks.append(Ask("columns.amount", question, readings))


def ask_of_quantity(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft, chosen: str) -> None:
    """Ask of an amount that each product has always, beside whole numbers: it may be a price."""
    product = draft.columns.get("product_id", draft.columns.get("product_name"))
    if "quantity" in draft.columns or not isinstance(product, str):
        return
    ((products, steady),) = con.execute(
        f"select count(*), count(*) filter (amounts = 1) from (select count(distinct"
        f" {number(look, chosen)}) as amounts from {look.name} group by {identifier(product)}"
        " having count(*) > 1)"
    ).fetchall()
    if not products or steady < 0.9 * products:
        return
    for name, v in look.values.items():
        if v.is_whole and v.distinct > 1 and 1 <= v.lowest <= v.highest <= 100 and v.repeats:
            if draft.names(name) or v.is_time or set(tokens(name)) & {"line", "percent", "tax"}:
                continue
            sql = f"{in_sql(look, chosen)} * {in_sql(look, name)}"
            readings = [
                Reading(f"`{chosen}`", columns={"amount": chosen}),
                Reading(f"`{chosen}` times `{name}`", columns={"amount": {"sql": sql}}),
            ]
            question = f"`{chosen}` is the same for a product in all rows: is it a price?"
            draft.asks.append(Ask("columns.amount", question, readings))
            return
