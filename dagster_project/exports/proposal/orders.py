"""Orders of a shop that nobody knows: who, when, for how much, and whether rows are lines."""

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from ..contract import load_contract
from ..sql import identifier
from ..statuses import DEFAULT_STATUS_MAPS
from .doubts import ask_of_goods, ask_of_parts, ask_of_totals, ask_what_counts
from .draft import Ask, Draft, Reading, scalar
from .look import CURRENCIES, Look, Values
from .money_beside import (
    LEAST_NET,
    ask_of_money,
    ask_of_quantity,
    ask_of_thousands,
    is_rate,
    less_rate,
    rates_of,
)
from .roles import is_money, money_kind, tokens
from .sums import CENT, NEARLY_ALL, holds, in_sql, is_product, nearly_all, number
from .words import flag_of, known_words, plain, state_of

#: In so many orders there have to be several rows for rows to be lines.
_SEVERAL = 0.05
#: A column of more words says something else.
_MOST_STATES = 12
#: What has fewer values, or fewer for its rows, is hardly a customer.
_FEW_CUSTOMERS, _FEW_SHARE = 5, 0.02
#: What counts up to less is a quantity or a place, no number of orders.
_FEW_NUMBERS = 20
#: Kinds of money, those that are nearest to what the contract means first.
_PREFERRED = ("net", "amount", "line_total", "total", "gross")


def fit_orders(con: duckdb.DuckDBPyConnection, look: Look, likely: Mapping[str, str]) -> Draft:
    """The draft of an order export; what cannot be known is asked."""
    draft = Draft(load_contract().tables["orders"], look.files, dict(look.options), {})
    named = dict(likely)
    for ours in ("amount", "customer_id", "ordered_at", "unit_price", "tax_amount"):
        named.pop(ours, None)
    for ours in ("shipping_amount", "discount_amount", "cost_amount"):
        named.pop(ours, None)
    draft.columns = dict(named)
    if (coupon := named.get("coupon_code")) and _is_what_it_took_off(look.values[coupon]):
        draft.columns.pop("coupon_code")
    if "currency" not in draft.columns:
        codes = [n for n, v in look.values.items() if v.is_currency]
        if len(codes) == 1:
            draft.columns["currency"] = codes[0]
    counted = (n for n, v in look.values.items() if "quantity" in tokens(n) and v.is_number)
    if "quantity" not in named and (quantity := next(counted, None)):
        draft.columns["quantity"] = quantity
    is_named = _order_id(look, draft)
    _state(look, draft)
    _moment(look, draft)
    _other_moments(con, look, draft)
    _customer(con, look, draft)
    if not is_named:
        _order_by_rows(con, look, draft)
    if "order_id" not in draft.columns:
        question = "no column is the order's number: is each row an order?"
        draft.asks.append(Ask("columns.order_id", question))
    _grain(con, look, draft)
    _money(con, look, draft)
    _named_currency(look, draft)
    if look.options.get("header"):
        draft.asks.append(
            Ask("header", "the file has no header: are these columns what they were taken for?")
        )
    ask_of_goods(con, look, draft)
    ask_of_parts(con, look, draft)
    ask_what_counts(con, look, draft)
    _name_the_rest(look, draft)
    return draft


def _order_id(look: Look, draft: Draft) -> bool:
    """Whether a column is named as the order's id; else what may be one stands in for it."""
    found = draft.columns.get("order_id")
    if found and look.values[found].is_number and is_money(found, look.values[found]):
        draft.columns.pop("order_id")
    if "order_id" in draft.columns:
        return True
    named = {n: set(tokens(n)) for n, v in look.values.items() if v.filled}
    ids = [n for n in named if named[n] == {"order", "id"}]
    if ids:
        draft.columns["order_id"] = ids[0]
        return True
    ids = [n for n in named if named[n] == {"id"}]
    # of payments, the payment's; else the only one that differs in each row
    ids += [n for n in named if named[n] == {"id", "paid"} and look.values[n].is_unique]
    if not ids:
        unique = [
            n
            for n, v in look.values.items()
            if v.is_unique
            and v.filled == v.rows > 1
            and not (v.is_time or v.is_nested or v.is_email)
            and (v.is_whole or not v.is_number)
            and not set(tokens(n)) - {"id"} & known_words()
        ]
        ids = unique if len(unique) == 1 else []
    if ids:
        draft.columns["order_id"] = ids[0]
    return False


def _order_by_rows(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """What holds rows together, each of one customer at one moment, is the order's number.

    Where nothing does, and rows of one customer stand at one moment, it is asked whether they are
    lines of one order.
    """
    who, when = (_expression(draft.columns.get(ours)) for ours in ("customer_id", "ordered_at"))
    if who is None or when is None:
        return
    taken = {str(c) for ours, c in draft.columns.items() if ours not in ("order_id", "status")}
    holding = []
    for name, v in look.values.items():
        if name in taken or not v.repeats or v.filled < v.rows:
            continue
        if v.is_time or v.is_nested or v.is_email or v.is_currency or v.is_boolean:
            continue
        if is_money(name, v):
            continue
        several, whole = con.execute(
            "select count(*), count(*) filter (moments = 1) from (select count(distinct"
            f" row({who}, {when})) as moments from {look.name} group by {identifier(name)}"
            " having count(*) > 1)"
        ).fetchall()[0]
        if several > 1 and whole >= NEARLY_ALL * several:
            holding.append((v.distinct, name, several))
    if holding:
        distinct, name, several = min(holding)
        draft.columns["order_id"] = name
        question = (
            f"is `{name}` the order's number? Its name does not say; {several:,} of its"
            f" {distinct:,} values stand in several rows, of one customer and one moment each."
            " Without it each row is an order."
        )
        draft.asks.append(Ask("columns.order_id", question))
        return
    rows = next(iter(look.values.values())).rows
    together, moments = _together(con, look, who, when)
    if together <= _SEVERAL * rows:
        return
    # a number that begins again each month or year is one of its customer and moment; another
    # number of the customer's own numbers no orders
    _, customers = _together(con, look, who)
    again = [
        (*_together(con, look, who, when, identifier(name)), name)
        for name, v in look.values.items()
        if name not in taken
        and v.is_whole
        and v.distinct >= _FEW_NUMBERS
        and v.repeats
        and _together(con, look, who, identifier(name))[1] > 1.1 * customers
    ]
    held, orders, name = max(again, default=(0, 0, ""))
    if name and held >= together / 2:
        sql = f"concat_ws(chr(32), {identifier(name)}, {who}, {when})"
        draft.columns["order_id"] = {"sql": sql}
        draft.options["grain"] = "line"
        question = (
            f"is `{name}` the order's number, which begins again? With customer and time it makes"
            f" {orders:,} orders of {rows:,} rows; without an order_id each row is an order."
        )
        draft.asks.append(Ask("columns.order_id", question))
        return
    moment = draft.columns["ordered_at"]
    if isinstance(moment, str) and look.values[moment].is_day:
        return
    together_sql = f"concat_ws(chr(32), {who}, {when})"
    readings = [
        Reading("as they are"),
        Reading(
            f"`grain: line` and `order_id: {{sql: '{together_sql}'}}`",
            {"grain": "line"},
            {"order_id": {"sql": together_sql}},
        ),
    ]
    question = (
        f"{together:,} rows stand at one moment with others of their customer, and no column says"
        f" which are one order: are they its lines? Then {rows:,} rows are {moments:,} orders."
    )
    draft.asks.append(Ask("columns.order_id", question, readings))


def _together(con: duckdb.DuckDBPyConnection, look: Look, *key: str) -> tuple[int, int]:
    """How many rows have a key with others, and how many keys there are."""
    return con.execute(
        f"select coalesce(sum(n) filter (n > 1), 0)::bigint, count(*) from (select count(*) as n"
        f" from {look.name} where {' is not null and '.join(key)} is not null"
        f" group by {', '.join(key)})"
    ).fetchall()[0]


def _expression(column: Any) -> str | None:
    """A mapped column in SQL."""
    if isinstance(column, dict):
        return column.get("sql") or (identifier(column["name"]) if "name" in column else None)
    return identifier(column) if isinstance(column, str) else None


def _state(look: Look, draft: Draft) -> None:
    """The state of the order: its own, else that of its payment; which of several is asked."""
    draft.columns.pop("status", None)
    known = DEFAULT_STATUS_MAPS["orders"]
    found = []
    for name, values in look.values.items():
        if "status" not in tokens(name) or not values.few or values.is_boolean or values.is_time:
            continue
        says = any(v.lower() in known or state_of(v, "orders") for v, _ in values.few)
        if says or "stat" in plain(name).replace("state", ""):  # a state may be one of the Union
            found.append(name)
    if not found and (flag := _flag(look)):
        name, draft.options["status_map"] = flag
        draft.columns["status"] = name
        counts = ", ".join(f"{value} ({count:,})" for value, count in look.values[name].few)
        question = f"does `{name}` say whether an order counts? Its values are {counts}"
        draft.asks.append(Ask("columns.status", question))
        return
    if not found and (unnamed := _states_by_values(look, draft)):
        draft.columns["status"] = unnamed
        states = ", ".join(f"{value} ({count:,})" for value, count in look.values[unnamed].few)
        question = f"does `{unnamed}` say whether an order counts? Its values are {states}"
        draft.asks.append(Ask("columns.status", question))
        return
    words = {name: set(tokens(name)) for name in found}
    found.sort(key=lambda n: (words[n] - {"status", "order"} != set(), "paid" not in words[n]))
    if not found:
        return
    draft.columns["status"] = found[0]
    if len(found) > 1 and words[found[0]] - {"status", "order"}:
        others = " or ".join(f"`{name}`" for name in found[1:])
        question = f"does `{found[0]}` say whether an order counts, or {others}?"
        draft.asks.append(Ask("columns.status", question))


def _flag(look: Look) -> tuple[str, dict[str, str]] | None:
    """A column of yes and no that is named by a state, as `paid`; and what its values mean."""
    known = DEFAULT_STATUS_MAPS["orders"]
    for name, values in look.values.items():
        says = {value: flag_of(value) for value, _ in values.few}
        if values.distinct > 2 or True not in says.values() or None in says.values():
            continue
        words = [plain(word) for word in re.split(r"[\W_]+|(?<=[a-z])(?=[A-Z])", name)]
        states = [state for word in words if (state := known.get(word) or state_of(word, "orders"))]
        if states:
            other = "pending" if states[0] == "counted" else "counted"
            means = {value: states[0] if holds else other for value, holds in says.items()}
            return name, means
    return None


def _states_by_values(look: Look, draft: Draft) -> str | None:
    """A column of a few words whose name says nothing, or whose words are all states of orders."""
    known = DEFAULT_STATUS_MAPS["orders"]
    taken = {str(column) for column in draft.columns.values()}
    for name, values in look.values.items():
        is_few = 2 <= values.distinct <= _MOST_STATES and values.filled >= 0.9 * values.rows
        if name in taken or not is_few or values.distinct * 5 > values.filled:
            continue
        if values.is_time or values.is_number or values.is_currency or values.is_boolean:
            continue
        states = [v.lower() in known or state_of(v, "orders") for v, _ in values.few]
        if all(states) or (any(states) and not set(tokens(name)) & known_words()):
            return name
    return None


def _moment(look: Look, draft: Draft) -> None:
    """The time of the order: placed rather than paid, never changed or delivered."""
    times = {n: set(tokens(n)) for n, v in look.values.items() if v.is_time and v.filled}
    avoided = {"updated", "birth", "delivered", "refund", "end", "cancelled", "shipping"}
    ranks = (
        lambda words: "order" in words and "created" not in words,
        lambda words: "created" in words,
        lambda words: words == {"date"},
        lambda words: "date" in words,
        lambda words: "paid" in words,
        lambda words: True,
    )
    times = {n: w for n, w in times.items() if n not in (draft.columns.get("order_id"),)}
    for rank in ranks:
        for name, words in times.items():
            if not words & avoided and rank(words):
                draft.columns["ordered_at"] = name
                clock = next(
                    (
                        n
                        for n, v in look.values.items()
                        if look.values[name].is_day
                        and not v.is_time
                        and v.few
                        and all(":" in value and len(value) <= 11 for value, _ in v.few)
                    ),
                    None,
                )
                if clock and not look.values[name].epoch:
                    sql = f"{identifier(name)} || ' ' || {identifier(clock)}"
                    draft.columns["ordered_at"] = {"sql": sql}
                return
    if times:
        name = next(iter(times))
        draft.columns["ordered_at"] = name
        draft.asks.append(Ask("columns.ordered_at", f"is `{name}` when the order was placed?"))


def _other_moments(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Ask where another full column of times, whose name says nothing else, tells other days."""
    chosen = draft.columns.get("ordered_at")
    if not isinstance(chosen, str):
        return
    others = {"updated", "birth", "delivered", "refund", "end", "cancelled", "shipping", "paid"}
    for name, v in look.values.items():
        is_full = v.is_time and v.filled == v.rows and name != chosen
        if not is_full or v.epoch or set(tokens(name)) & others or draft.names(name):
            continue
        ((differing,),) = con.execute(
            f"select avg(cast(left({identifier(name)}, 10) <> left({identifier(chosen)}, 10) as"
            f" int)) from {look.name}"
        ).fetchall()
        if differing > 0.5 and v.formats == look.values[chosen].formats:
            question = f"was the order placed at `{chosen}`, or at `{name}`? Most days differ"
            draft.asks.append(Ask("columns.ordered_at", question))
            return


def _customer(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Who bought: an id, else an e-mail address, a phone, a name; rather one that recurs."""
    taken = {str(column) for column in draft.columns.values()}
    ids: list[str] = []
    mails: list[str] = []
    phones: list[str] = []
    names: list[str] = []
    for name, values in look.values.items():
        words = set(tokens(name))
        if not values.filled or values.is_nested or name in taken:
            continue
        if values.is_email:
            mails.append(name)
        elif "phone" in words:
            phones.append(name)
        elif "customer" in words and not values.is_time:
            is_person = "name" in words or (
                values.longest > 3 and not values.is_number and any(" " in v for v, _ in values.few)
            )
            other = words & {
                "group",
                "type",
                "comment",
                "country",
                "city",
                "address",
                "created",
                "ip",
                "session",
            }
            if other or is_money(name, values):
                continue
            (names if is_person else ids).append(name)
        elif words & {"first", "last"} or words == {"name"}:
            names.append(name)
    if look.options.get("header") and not ids:
        ids = [
            n
            for n, v in look.values.items()
            if n not in taken and v.is_whole and v.repeats and not v.is_time
        ]
    ids.sort(key=lambda n: -len(set(tokens(n)) & {"customer", "id"}))
    fit = [*ids, *mails, *phones, *names]
    if not fit and (recurring := _recurring(look, draft)):
        draft.columns["customer_id"] = recurring[0]
        values = look.values[recurring[0]]
        others = f", or {', '.join(f'`{n}`' for n in recurring[1:3])}" if recurring[1:] else ""
        question = (
            f"is `{recurring[0]}` who bought{others}? Its name does not say; it has"
            f" {values.distinct:,} values in {values.filled:,} rows"
        )
        draft.asks.append(Ask("columns.customer_id", question))
        return
    if not fit:
        draft.columns["customer_id"] = {"sql": "cast(null as varchar)"}
        question = "no column says who bought; without it there are orders and no customers"
        draft.asks.append(Ask("columns.customer_id", question))
        return
    chosen = fit[0]
    more = [n for n in ids if look.values[n].distinct >= _FEW_CUSTOMERS]
    more = more or _recurring(look, draft)
    least = max(_FEW_CUSTOMERS, _FEW_SHARE * look.values[chosen].filled)
    more = [n for n in more if look.values[n].distinct > 2 * look.values[chosen].distinct]
    if look.values[chosen].distinct < least and more:
        draft.columns["customer_id"] = more[0]
        question = (
            f"is `{more[0]}` who bought, or `{chosen}`? Of `{chosen}` there are"
            f" {look.values[chosen].distinct:,} values, of `{more[0]}`"
            f" {look.values[more[0]].distinct:,}"
        )
        draft.asks.append(Ask("columns.customer_id", question))
        return
    recurring = [n for n in [*ids, *mails, *phones] if look.values[n].repeats]
    if not look.values[chosen].repeats and recurring:
        chosen = recurring[0]
        draft.remarks.append(f"{fit[0]} differs in every row, so it is no customer")
        draft.left_out.append(fit[0])
    elif (
        chosen in ids and mails and look.values[chosen].filled < 0.5 * look.values[mails[0]].filled
    ):
        chosen = mails[0]
    elif chosen in ids and mails and look.values[chosen].filled < look.values[mails[0]].filled:
        question = (
            f"`{chosen}` is empty in some rows that have `{mails[0]}`: is it who bought? Else"
            f" `{{name: {mails[0]}, hash: true}}`, by which all of them have a customer"
        )
        draft.asks.append(Ask("columns.customer_id", question))
    if chosen in ids:
        draft.columns["customer_id"] = chosen
        return
    draft.columns["customer_id"] = {"name": chosen, "hash": True}
    if chosen in phones:
        question = (
            f"only phones say who bought (`{chosen}`): is each written in one way? +44 20 and 020"
            " are two customers"
        )
        draft.asks.append(Ask("columns.customer_id", question))
    if chosen in names:
        draft.asks.append(
            Ask(
                "columns.customer_id",
                f"only names say who bought (`{chosen}`), and two customers may share one; an id or"
                " an e-mail address tells them apart",
            )
        )


def _recurring(look: Look, draft: Draft) -> list[str]:
    """Columns whose values recur as customers do and whose names say nothing; most values first."""
    taken = {str(column) for column in draft.columns.values()}
    found = [
        name
        for name, v in look.values.items()
        if name not in taken
        and v.repeats
        and v.distinct >= max(_FEW_CUSTOMERS, _FEW_SHARE * v.filled)
        and v.filled >= 0.5 * v.rows
        and not (v.is_time or v.is_nested or v.is_boolean or v.is_currency)
        and (v.is_whole or not v.is_number)
        and not set(tokens(name)) - {"id"} & known_words()
    ]
    return sorted(found, key=lambda name: -look.values[name].distinct)


def _grain(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """Rows are lines where an order id recurs with another product, quantity or price.

    Where no column is named so, it is any other column, unless times or states differ too: those
    are versions of an order.
    """
    order = draft.columns.get("order_id")
    prices = [n for n, v in look.values.items() if is_money(n, v) and money_kind(n) == "unit_price"]
    parts = [draft.columns.get(n) for n in ("line_id", "product_id", "product_name", "quantity")]
    told = [part for part in [*parts, *prices[:1]] if isinstance(part, str)]
    if prices:
        draft.columns["unit_price"] = prices[0]
    if not isinstance(order, str):
        return
    listed = ", ".join(identifier(name) for name in told or look.values if name != order)
    history = [n for n, v in look.values.items() if v.is_time or n == draft.columns.get("status")]
    versions = ", ".join(map(identifier, history)) if not told and history else "1"
    several, orders = con.execute(
        "select count(*) filter (lines > 1 and versions = 1), count(*) from (select"
        f" count(distinct row({listed})) as lines, count(distinct row({versions})) as versions"
        f" from {look.name} group by {identifier(order)})"
    ).fetchall()[0]
    if several > _SEVERAL * orders:
        draft.options["grain"] = "line"


def _money(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft) -> None:
    """The amount: net where it stands beside gross; what may have tax in it is asked about."""
    by_kind: dict[str, list[str]] = {}
    for name, values in look.values.items():
        if is_money(name, values) and (values.filled or not values.rows):
            of = money_kind(name)
            if of in ("tax", "discount") and is_rate(look, name, of):
                _ask_of_rate(draft, name, values, of)
                continue
            by_kind.setdefault(of, []).append(name)
        elif "coupon" in tokens(name) and _is_what_it_took_off(values):
            by_kind.setdefault("discount", []).append(name)
    columns = draft.columns
    for part, ours in (
        *(("tax", "tax_amount"), ("shipping", "shipping_amount")),
        *(("discount", "discount_amount"), ("cost", "cost_amount")),
    ):
        if part in by_kind:
            columns[ours] = by_kind[part][0]
    if look.options.get("header") and not by_kind:
        taken = {str(column) for column in columns.values()}
        numbers = [
            n for n, v in look.values.items() if v.is_number and not v.is_time and n not in taken
        ]
        numbers.sort(key=lambda n: look.values[n].is_whole)
        by_kind["amount"] = numbers
    kind = next((kind for kind in _PREFERRED if by_kind.get(kind)), None)
    chosen = by_kind[kind][0] if kind else None
    is_lines = draft.options.get("grain") == "line"
    if is_lines and kind and _is_shared(con, look, draft, by_kind[kind][0]):
        # the lines' own money stands beside that of the order
        for other in ("line_total", kind):
            own = [n for n in by_kind.get(other, []) if not _is_shared(con, look, draft, n)]
            if own:
                kind, chosen = other, own[0]
                break
    quantity, price = columns.get("quantity"), columns.get("unit_price")
    factors = (quantity, price) if isinstance(quantity, str) and isinstance(price, str) else None
    if chosen is None and factors is None:
        _no_money(draft, by_kind)
        return
    if factors and (
        chosen is None
        or (
            is_lines
            and (is_product(con, look, chosen, *factors) or _is_shared(con, look, draft, chosen))
        )
    ):
        worth = " * ".join(number(look, factor) for factor in factors)
        if is_lines:
            _of_order(con, look, draft, worth)
        if "amount" not in columns:
            is_worth = chosen is not None and is_product(con, look, chosen, *factors)
            _after_rate(con, look, draft, chosen if is_worth else None, factors)
        if isinstance(price, str) and not set(tokens(price)) & {"net", "excl"}:
            question = f"has `{price}` tax in it? Figures are meant without."
            draft.asks.append(Ask("columns.unit_price", question))
        _left_out(draft, by_kind, None)
        return
    if is_lines and chosen is not None and _is_shared(con, look, draft, chosen):
        draft.options["amount_is_per"] = "order"
        if kind not in ("net", "total", "gross"):
            readings = [
                Reading(f"`amount_is_per: {per}`", {"amount_is_per": per})
                for per in ("order", "line")
            ]
            question = f"`{chosen}` is the same on all lines of an order: is it the order's?"
            draft.asks.append(Ask("amount_is_per", question, readings))
    assert chosen is not None
    columns["amount"] = chosen
    if is_lines and look.values[chosen].filled < look.values[chosen].rows:
        columns["amount"] = {"sql": f"coalesce({identifier(chosen)}, 0)"}
        draft.options["amount_is_per"] = "line"
    if is_lines and draft.options.get("amount_is_per") != "order":
        _of_order(con, look, draft, number(look, chosen))
        # what is the order's says nothing of what a line's amount holds
        told = draft.options.get("amount_is_per")
        its = {columns[ours] for ours in told if ours != "amount"} if isinstance(told, dict) else ()
        by_kind = {k: [n for n in names if n not in its] for k, names in by_kind.items()}
    if kind == "net" or "excl" in tokens(chosen):
        _after_discount(con, look, draft, by_kind, chosen)
    else:
        _ask_for_net(con, look, draft, by_kind, kind or "amount", chosen)
    if columns["amount"] == chosen:
        _after_rate(con, look, draft, chosen, factors)
    if draft.options.get("amount_is_per") != "order":
        ask_of_money(con, look, draft, by_kind, chosen)
        ask_of_totals(con, look, draft, chosen)
    ask_of_thousands(look, draft, chosen)
    ask_of_quantity(con, look, draft, chosen)
    _left_out(draft, by_kind, chosen)


def _is_what_it_took_off(coupon: Values) -> bool:
    """Whether a coupon's column holds money, no codes."""
    return coupon.is_number and any("." in value or "," in value for value, _ in coupon.few)


def _ask_of_rate(draft: Draft, name: str, values: Values, kind: str) -> None:
    told = ", ".join(value for value, _ in values.few)
    question = f"are the values of `{name}` percent ({told})? They are not mapped as money"
    draft.asks.append(Ask(f"columns.{kind}_amount", question))
    draft.left_out.append(name)


def _after_rate(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    draft: Draft,
    chosen: str | None,
    factors: tuple[str, str] | None,
) -> None:
    """Whether a discount in percent has been taken off: quantity and price say, or it is asked.

    Without an amount, that of the lines is quantity times price.
    """
    rate = next(iter(rates_of(look, "discount")), None)
    if rate is None or not look.values[rate].highest:
        return
    before = [chosen] if chosen else list(factors or ())
    if factors and chosen:
        worth = " * ".join(number(look, name) for name in factors)
        off = f"{worth} * (1 - coalesce({number(look, rate)}, 0) / 100)"
        if nearly_all(con, look, f"abs({number(look, chosen)} - {off}) < {CENT}"):
            return
    less = {"sql": less_rate(look, before, rate, "discount")}
    named = " times ".join(f"`{name}`" for name in before)
    readings = [
        Reading(named, columns={"amount": chosen}),
        Reading(f"{named} less `{rate}` percent", columns={"amount": less}),
    ]
    if factors and (chosen is None or is_product(con, look, chosen, *factors)):
        draft.columns["amount"] = less
    question = f"has the discount of `{rate}` percent been taken off {named}?"
    draft.asks.append(Ask("columns.amount", question, readings))


def _named_currency(look: Look, draft: Draft) -> None:
    """The currency that the amount's own name tells; asked where a column says another."""
    amount = draft.columns.get("amount")
    if not isinstance(amount, str):
        return
    codes = [word for word in re.findall("[A-Z]{3}", amount.upper()) if word in CURRENCIES]
    codes = [c for c in codes if re.search(rf"(?i)(?<![a-z]){c}(?![a-z])", amount)]
    if len(codes) != 1:
        return
    said = draft.columns.get("currency")
    if isinstance(said, str):
        seen = [value for value, _ in look.values[said].few]
        if [value.upper() for value in seen] == codes:
            return
        draft.columns.pop("currency")
        question = f"`{amount}` names {codes[0]}, and `{said}` says {', '.join(seen)}: which is it?"
        draft.asks.append(Ask("currency", question))
    draft.options["currency"] = codes[0]


def _no_money(draft: Draft, by_kind: Mapping[str, list[str]]) -> None:
    draft.columns["amount"] = {"value": 0}
    question = "no column holds what the order came to; until one does, every order counts as 0"
    draft.asks.append(Ask("columns.amount", question))
    _left_out(draft, by_kind, None)


def _is_shared(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft, amount: str) -> bool:
    """Whether nearly all orders of several lines have one amount on each."""
    order, column = _expression(draft.columns["order_id"]), identifier(amount)
    several, shared = con.execute(
        "select count(*), count(*) filter (least = greatest and least is not null) from ("
        f"select min({column}) as least, max({column}) as greatest from {look.name}"
        f" group by {order} having count(*) > 1 and count({column}) = count(*))"
    ).fetchall()[0]
    return several > 0 and shared >= NEARLY_ALL * several


def _of_order(con: duckdb.DuckDBPyConnection, look: Look, draft: Draft, goods: str) -> None:
    """Say which of discount, tax and shipping are the order's: its lines repeat them.

    Orders speak whose lines are of different goods. Where the amount has to be computed, an order's
    discount is taken off its lines in proportion.
    """
    order = _expression(draft.columns["order_id"])
    for ours in ("discount_amount", "tax_amount", "shipping_amount"):
        name = draft.columns.get(ours)
        if not isinstance(name, str):
            continue
        part = number(look, name)
        several, shared = con.execute(
            "select count(*), count(*) filter (least = greatest and told = lines) from ("
            f"select min({part}) as least, max({part}) as greatest, count({part}) as told,"
            f" count(*) as lines from {look.name} group by {order} having count(*) > 1"
            f" and max({part}) <> 0 and min({goods}) <> max({goods}))"
        ).fetchall()[0]
        if not several or shared < NEARLY_ALL * several:
            continue
        if ours == "discount_amount" and "amount" not in draft.columns:
            worth = " * ".join(identifier(draft.columns[c]) for c in ("quantity", "unit_price"))
            share = f"coalesce({worth} / nullif(sum({worth}) over (partition by {order}), 0), 0)"
            sql = f"{worth} - coalesce({identifier(name)}, 0) * {share}"
            draft.columns["amount"] = {"sql": sql}
        given = draft.options.get("amount_is_per", {})
        told = {"amount": given} if isinstance(given, str) else given
        draft.options["amount_is_per"] = told | {ours: "order"}
        question = f"`{name}` is the same on all lines of an order: is it the order's?"
        if ours == "discount_amount":
            question += " Has it been taken off the lines' amounts?"
        draft.asks.append(Ask("amount_is_per", question))


def _after_discount(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    draft: Draft,
    by_kind: Mapping[str, list[str]],
    net: str,
) -> None:
    """Whether discounts have been taken off: the total beside it says, or it is asked."""
    discount = next(iter(by_kind.get("discount", [])), None)
    if not discount or not look.values[discount].highest:
        return
    total = next(iter(by_kind.get("total", by_kind.get("gross", []))), None)
    parts = {name: 1 for kind in ("tax", "shipping") for name in by_kind.get(kind, [])[:1]}
    before = {"sql": f"{identifier(net)} - coalesce({identifier(discount)}, 0)"}
    if total:
        taken_off = holds(con, look, {net: 1, **parts, total: -1})
        still_in = holds(con, look, {net: 1, **parts, discount: -1, total: -1})
        if taken_off:
            return
        if still_in:
            draft.columns["amount"] = before
            return
    readings = [
        Reading(f"`{net}`", columns={"amount": net}),
        Reading(f"`{net}` less `{discount}`", columns={"amount": before}),
    ]
    question = f"has `{discount}` been taken off `{net}`?"
    draft.asks.append(Ask("columns.amount", question, readings))


def _ask_for_net(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    draft: Draft,
    by_kind: Mapping[str, list[str]],
    kind: str,
    chosen: str,
) -> None:
    """An amount that may have tax and shipping in it: both readings, where they stand beside it."""
    beside = [name for part in ("tax", "shipping") for name in by_kind.get(part, [])[:1]]
    question = f"has `{chosen}` shipping and tax in it? Figures are meant without."
    readings: list[Reading] = []
    if beside and isinstance(draft.columns["amount"], str):
        less = in_sql(look, chosen) + "".join(
            f" - coalesce({in_sql(look, name)}, 0)" for name in beside
        )
        without = {"sql": less}
        named = " and ".join(f"`{name}`" for name in beside)
        readings = [
            Reading(f"`{chosen}`", columns={"amount": chosen}),
            Reading(
                f"`{chosen}` less {named} (`amount: {scalar(without)}`)",
                columns={"amount": without},
            ),
        ]
        if kind == "total":
            draft.columns["amount"] = without
    if not readings and (rates := rates_of(look, "tax")):
        less = less_rate(look, [chosen], rates[0], "tax")
        readings = [
            Reading(f"`{chosen}`", columns={"amount": chosen}),
            Reading(f"`{chosen}` less its tax by `{rates[0]}`", columns={"amount": {"sql": less}}),
        ]
    if not readings and (lower := _a_little_less(con, look, draft, chosen)):
        readings = [Reading(f"`{name}`", columns={"amount": name}) for name in (chosen, *lower)]
    if not beside and not readings:
        less = scalar({"sql": f"{in_sql(look, chosen)} / 1.2"})
        question += f" Where 20 % of tax is in it: `amount: {less}`"
    draft.asks.append(Ask("columns.amount", question, readings))


def _a_little_less(
    con: duckdb.DuckDBPyConnection, look: Look, draft: Draft, chosen: str
) -> list[str]:
    """Numbers without a name for it that are the amount less what may be its tax, row by row."""
    taken = {str(column) for column in draft.columns.values()}
    amount = number(look, chosen)
    found = []
    for name, values in look.values.items():
        if name in taken or not values.is_number or values.is_time or values.is_whole:
            continue
        other = number(look, name)
        test = f"{other} <= {amount} and {other} > {LEAST_NET} * {amount}"
        ((share, less),) = con.execute(
            f"select avg(cast({test} as int)), avg(cast({other} < {amount} as int))"
            f" from {look.name} where {amount} > 0"
        ).fetchall()
        if share is not None and share >= NEARLY_ALL and less >= NEARLY_ALL:
            found.append(name)
    return found


def _left_out(draft: Draft, by_kind: Mapping[str, list[str]], chosen: str | None) -> None:
    rest = [n for names in by_kind.values() for n in names if n != chosen and not draft.names(n)]
    if rest:
        draft.remarks.append(f"money left out: {', '.join(rest)}")
        draft.left_out += rest


def _name_the_rest(look: Look, draft: Draft) -> None:
    rest = [n for n, v in look.values.items() if v.filled and not (v.is_nested or draft.names(n))]
    if rest:
        draft.remarks.append(f"not mapped: {', '.join(rest)}")


def refunds_of(con: duckdb.DuckDBPyConnection, look: Look, orders: Draft) -> list[Draft]:
    """Refunds that stand in a column of the orders."""
    given = [
        n
        for n, v in look.values.items()
        if is_money(n, v)
        and money_kind(n) == "refund"
        and v.highest > 0
        # pieces that came back are no money
        and not ("quantity" in orders.columns and v.is_whole and v.highest <= _FEW_NUMBERS)
    ]
    order = orders.columns.get("order_id")
    if not given or not isinstance(order, str):
        return []
    name = given[0]
    at = next((n for n, v in look.values.items() if v.is_time and "refund" in tokens(n)), None)
    columns: dict[str, Any] = {
        # several lines of an order may be given back
        **({} if orders.options.get("grain") == "line" else {"refund_id": order}),
        "order_id": order,
        "customer_id": orders.columns["customer_id"],
        "amount": name,
        "refunded_at": at or orders.columns["ordered_at"],
    }
    if "currency" in orders.columns:
        columns["currency"] = orders.columns["currency"]
    options = dict(look.options) | {"where": f"{identifier(name)} > 0"}
    if look.values[name].has_decimal_comma:
        options["where"] = f"regexp_matches({identifier(name)}, '[1-9]')"
    draft = Draft(load_contract().tables["refunds"], look.files, options, columns)
    if at is None:
        draft.asks.append(
            Ask(
                "columns.refunded_at",
                "the file does not say when money was given back; the order's time stands in",
            )
        )
    return [draft]
