"""Exports that no layout names: which table they are, by what must be there, and its columns."""

from collections.abc import Iterable, Sequence

import duckdb

from ..contract import Column, load_contract
from .draft import Ask, Draft
from .look import Look, Values
from .orders import fit_orders, refunds_of
from .roles import is_money, money_kind, tokens
from .scores import fit_score, why_no_survey
from .words import meaning, plain

#: A name is taken for a column from this likeness on.
_GOOD = 0.55
_SUBSCRIPTION_STATES = frozenset(
    [
        "active",
        "canceled",
        "cancelled",
        "trialing",
        "trial",
        "past_due",
        "unpaid",
        "paused",
        "incomplete",
        "expired",
        "non_renewing",
        "in_trial",
    ]
)
_MESSAGE_STATES = frozenset(
    [
        "sent",
        "send",
        "delivered",
        "open",
        "opened",
        "click",
        "clicked",
        "bounce",
        "bounced",
        "unsubscribe",
        "unsubscribed",
        "unsub",
    ]
)
_POINT_KINDS = frozenset(["accrued", "redeemed", "expired", "adjusted", "earned", "spent"])


def guess(con: duckdb.DuckDBPyConnection, look: Look) -> list[Draft]:
    """What the columns are taken for: the main export first, refunds of the same file behind it."""
    table = _table(look)
    if table is None:
        return []
    if table == "orders":
        orders = fit_orders(con, look, _likely(look, table))
        return [orders, *refunds_of(con, look, orders)]
    draft = Draft(load_contract().tables[table], look.files, dict(look.options), {})
    draft.columns = _likely(look, table)
    _FITTERS.get(table, lambda look, draft: None)(look, draft)
    if table == "surveys":
        if why_no_survey(con, look):
            return []
        fit_score(con, look, draft)
    missing = [
        c for c in draft.table.columns.values() if c.is_required and c.name not in draft.columns
    ]
    if missing:
        return []
    _name_the_rest(look, draft)
    return [draft]


def _table(look: Look) -> str | None:
    """The export that the file must be, by what it has and what that is never without."""
    named = {name: tokens(name) for name, values in look.values.items() if _counts(values)}
    values = look.values
    times = {n for n in named if values[n].is_time or (not values[n].rows and "date" in named[n])}
    money = {n for n in named if is_money(n, values[n])}
    kinds = {money_kind(n) for n in money}

    def has(*words: str, of: Iterable[str] = named) -> bool:
        return any(set(words) <= set(named[name]) for name in of)

    def says(known: frozenset[str], share: float = 1.0) -> bool:
        return any(
            v.few
            and v.distinct <= 12
            and sum(plain(value).replace(" ", "_") in known for value, _ in v.few)
            >= share * len(v.few)
            for v in (values[name] for name in named)
        )

    has_order = any(
        "order" in words and not {"last", "first", "status", "type"} & set(words)
        for n, words in named.items()
        if n not in times and n not in money
    )
    has_who = has("customer") or any(values[n].is_email for n in named)
    has_text_event = any(
        "event" in named[n]
        and not values[n].is_time
        and not values[n].is_number
        and not ({"id", "customer"} & set(named[n]))
        for n in named
    )
    if has("impressions") or has("clicks"):
        return "marketing_spend" if kinds & {"cost", "amount"} or has("spent") else None
    is_paid_for = "cost" in kinds and (has("source") or has("campaign"))
    if times and is_paid_for and not has_who and not has_order and not has("product"):
        return "marketing_spend"
    numbers = [name for name in named if values[name].is_number or not values[name].rows]
    if has("points", of=numbers) and has_who and times:
        return "loyalty_points"
    if has("score", of=numbers) and has_who and times:
        return "surveys"
    if (
        times
        and (has_who or has("email"))
        and not money
        and (says(_MESSAGE_STATES) or (has("message") and has("status")))
    ):
        return "messages"
    given_back = kinds & {"refund", "amount", "total", "net", "gross"}
    if given_back and times and (has("refund", of=times) or has("refund", "id")):
        return "refunds"
    lines = has("quantity") or has("product")
    if money and times and has_who and not lines:
        if has("subscription") or (has("plan") and has("start")) or (has("start") and has("end")):
            return "subscriptions"
        if says(_SUBSCRIPTION_STATES) and not (
            kinds & {"tax", "shipping", "discount"} or has("order")
        ):
            return "subscriptions"
    if has_text_event and times and not (has_order and money):
        return "events"
    if times and not money and has("referrer") and has("invited"):
        return "referrals"
    if times and not money and not lines and has("coupon") and has_who:
        return "coupons"
    if (
        times
        and not money
        and has_who
        and (has("session") or has("page"))
        and any(set(words) == {"type"} for words in named.values())
    ):
        return "events"
    if times and money and (kinds - {"lifetime"}) and (has_order or has_who or lines):
        return "orders"
    if times and has_order and (has_who or lines):
        return "orders"
    if times and has("session"):
        return "sessions"
    if look.options.get("header") and times and any(v.is_number for v in values.values()):
        return "orders"
    person = any(has(word) for word in ("email", "phone", "first", "birth", "consent"))
    # people are told once or with what changed; who only recurs with a time has done something
    recurs = any(
        values[n].repeats for n in named if "customer" in named[n] and not values[n].is_time
    )
    if times and recurs and not person:
        happened = any(set(words) <= {"name", "type"} for n, words in named.items() if words)
        return "events" if happened else None
    told = person or has("name") or has("country") or has("created")
    # rows within a row are an order's lines, whatever else is told
    if any(v.has_rows for v in values.values()) and times and not money:
        return None
    if (has_who or has("id")) and told and not has_order:
        return "customers"
    # money at times, of whom no name tells: who recurs is asked
    return "orders" if times and money and kinds - {"lifetime"} else None


def _counts(values: Values) -> bool:
    return values.filled > 0 or not values.rows


def _likely(look: Look, table: str) -> dict[str, str]:
    """Our columns, each with the file's whose name is most like it and whose values suit it."""
    columns = load_contract().tables[table].columns.values()
    pairs = [
        (likeness(column, name), column.name, name)
        for column in columns
        if not column.collects_rest
        for name, values in look.values.items()
        if _counts(values) and not values.is_nested and _suits(column, name, values)
    ]
    found: dict[str, str] = {}
    for likely, ours, theirs in sorted(pairs, key=lambda pair: -pair[0]):
        if likely >= _GOOD and ours not in found and theirs not in found.values():
            found[ours] = theirs
    return {column.name: found[column.name] for column in columns if column.name in found}


def likeness(column: Column, name: str) -> float:
    """How much a file's name means what a column's or one of its synonyms does, 0 to 1."""
    mine = set(meaning(name.rsplit(".", 1)[-1])) or set(meaning(name))
    best = 0.0
    for rank, known in enumerate((column.name, *column.also)):
        theirs = set(meaning(known))
        if not theirs or not mine:
            continue
        both = len(mine & theirs)
        exact = plain(name) == plain(known)
        score = both / len(mine | theirs) if theirs <= mine or mine <= theirs else 0.0
        best = max(best, (1.1 if exact else score) - 0.01 * min(rank, 9))
    return best + (0.02 if column.is_required else 0.0) if best else 0.0


def _suits(column: Column, name: str, values: Values) -> bool:
    if not values.rows:
        return True
    kind = column.data_type.split("(")[0]
    if kind in ("timestamp", "date"):
        return values.is_time
    if kind == "boolean":
        return values.is_boolean
    if kind == "decimal":
        return values.is_number and (not values.is_time or values.epoch == "days")
    if kind == "bigint":
        return values.is_number and not values.is_time
    if column.name == "currency":
        return values.is_currency
    if column.name == "email":
        return values.is_email
    if column.name.endswith("_id") and values.is_time:
        return bool(values.epoch)
    return not values.is_time or bool(values.epoch)


def _fit_customers(look: Look, draft: Draft) -> None:
    _person(look, draft)
    columns = draft.columns
    consents = [n for n, v in look.values.items() if "consent" in tokens(n) and v.filled]
    for name in consents:
        words = tokens(name)
        ours = next(
            (f"consent_{way}" for way in ("sms", "push", "messenger") if way in words), None
        )
        ours = ours or "consent_email"
        states = {plain(value) for value, _ in look.values[name].few}
        if ours in columns and columns[ours] != name:
            continue
        if "subscribed" in states:
            said = f'"{name}"'.replace('"', '"')
            columns[ours] = {
                "sql": f"case lower(cast({said} as varchar)) when 'subscribed' then true"
                " when 'unsubscribed' then false end"
            }
        elif look.values[name].is_boolean:
            columns[ours] = name
    names = {n: set(tokens(n)) for n, v in look.values.items() if v.filled and not v.is_time}
    parts = {"first", "last", "name", "customer"}
    first = next((n for n, words in names.items() if "first" in words and words <= parts), None)
    last = next((n for n, words in names.items() if "last" in words and words <= parts), None)
    if first and not last:
        last = next((n for n, words in names.items() if words == {"name"}), None)
    if first and last:
        columns["name"] = {"sql": f"concat_ws(' ', {_quoted(first)}, {_quoted(last)})"}


def _person(look: Look, draft: Draft) -> None:
    """The customer: an id, else the e-mail address, of which only a hash is loaded."""
    columns = draft.columns
    mail = next((n for n, v in look.values.items() if v.is_email), None)
    taken = columns.get("customer_id")
    if taken and look.values[taken].is_email:
        columns["customer_id"] = {"name": taken, "hash": True}
    elif mail and (taken is None or not {"customer", "id"} & set(tokens(taken))):
        columns["customer_id"] = {"name": mail, "hash": True}
    if mail and "email" in draft.table.columns:
        columns["email"] = mail


def _fit_messages(look: Look, draft: Draft) -> None:
    _person(look, draft)
    for name, values in look.values.items():
        states = {plain(value) for value, _ in values.few}
        if states and states <= _MESSAGE_STATES | {"hard bounce", "soft bounce"}:
            draft.columns["status"] = name
    if "channel" not in draft.columns:
        draft.columns["channel"] = {"value": "email"}
    _time(look, draft, "occurred_at")


def _fit_events(look: Look, draft: Draft) -> None:
    _person_if_none(look, draft)
    typed = next((n for n in look.values if set(tokens(n)) == {"type"}), None)
    if typed and "event_name" not in draft.columns:
        draft.columns["event_name"] = typed
    plain_id = next((n for n in look.values if set(tokens(n)) == {"id"}), None)
    if plain_id and "event_id" not in draft.columns:
        draft.columns["event_id"] = plain_id
    _time(look, draft, "occurred_at")


def _fit_sessions(look: Look, draft: Draft) -> None:
    _person_if_none(look, draft)
    _time(look, draft, "started_at")


def _person_if_none(look: Look, draft: Draft) -> None:
    taken = draft.columns.get("customer_id")
    mail = next((n for n, v in look.values.items() if v.is_email), None)
    if (taken and look.values[taken].is_email) or (not taken and mail):
        draft.columns["customer_id"] = {"name": taken or mail, "hash": True}


def _fit_spend(look: Look, draft: Draft) -> None:
    columns = draft.columns
    if "cost" not in columns:
        money = [n for n, v in look.values.items() if is_money(n, v) or "spent" in tokens(n)]
        if money:
            columns["cost"] = max(money, key=lambda n: money_kind(n) in ("cost", "amount"))
    if "source" not in columns:
        named = next((n for n in look.values if {"platform", "channel"} & set(tokens(n))), None)
        network = next(
            (n for n in look.values if "netz" in plain(n) or "network" in plain(n)), None
        )
        columns["source"] = network or named or {"value": "advertising"}
    _time(look, draft, "spend_date")


def _fit_subscriptions(look: Look, draft: Draft) -> None:
    _person_if_none(look, draft)
    columns, values = draft.columns, look.values
    if "subscription_id" not in columns:
        plain_id = next((n for n in values if set(tokens(n)) == {"id"}), None)
        if plain_id:
            columns["subscription_id"] = plain_id
    if "amount" not in columns:
        money = [n for n, v in values.items() if is_money(n, v) and n not in columns.values()]
        if money:
            columns["amount"] = money[0]
    if "start_date" not in columns:
        _time(look, draft, "start_date")
    for name, found in values.items():
        states = [plain(value) for value, _ in found.few]
        ended = [s for s in states if s in ("canceled", "cancelled", "expired", "ended")]
        if ended and "end_date" not in columns:
            draft.asks.append(
                Ask(
                    "columns.end_date",
                    f"`{name}` says that some have ended ({', '.join(ended)}), and no column says"
                    " when: until one does, they count as running",
                )
            )


def _fit_refunds(look: Look, draft: Draft) -> None:
    _person_if_none(look, draft)
    columns, values = draft.columns, look.values
    money = [n for n, v in values.items() if is_money(n, v)]
    refunded = [n for n in money if money_kind(n) == "refund"] or money
    if refunded:
        columns["amount"] = refunded[0]
    times = [n for n, v in values.items() if v.is_time]
    dated = [n for n in times if "refund" in tokens(n)]
    if dated or times:
        columns["refunded_at"] = (dated or times)[0]
    for ours in ("order_id", "refund_id"):
        if ours in columns and columns[ours] in (columns.get("amount"), columns.get("refunded_at")):
            columns.pop(ours)


def _fit_points(look: Look, draft: Draft) -> None:
    for name, values in look.values.items():
        states = {plain(value) for value, _ in values.few}
        if states and states <= _POINT_KINDS:
            draft.columns["kind"] = name
    _time(look, draft, "occurred_at")


def _time(look: Look, draft: Draft, ours: str) -> None:
    """The only time, or the first that is not one of another column."""
    if ours in draft.columns:
        return
    times = [
        name
        for name, values in look.values.items()
        if values.is_time
        and name not in draft.columns.values()
        and not {"updated", "birth", "end"} & set(tokens(name))
    ]
    if times:
        draft.columns[ours] = times[0]


def _name_the_rest(look: Look, draft: Draft) -> None:
    rest = [name for name, values in look.values.items() if values.filled and not draft.names(name)]
    if rest:
        use = "any may serve as a segment, ours: theirs" if draft.table.rest else "not mapped"
        draft.remarks.append(f"{use}: {', '.join(rest)}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


_FITTERS = {
    "customers": _fit_customers,
    "messages": _fit_messages,
    "events": _fit_events,
    "sessions": _fit_sessions,
    "marketing_spend": _fit_spend,
    "subscriptions": _fit_subscriptions,
    "refunds": _fit_refunds,
    "loyalty_points": _fit_points,
    "surveys": lambda look, draft: _time(look, draft, "answered_at"),
    "referrals": lambda look, draft: _time(look, draft, "invited_at"),
    "coupons": lambda look, draft: _time(look, draft, "redeemed_at"),
}


def unfit(con: duckdb.DuckDBPyConnection, look: Look) -> str:
    """Why no export fits: what each column holds, and what of an order none does."""
    if _table(look) == "surveys" and (why := why_no_survey(con, look)):
        return why
    held = {
        name: (
            "empty"
            if not values.filled
            else "times"
            if values.is_time
            else "rows, which `select:` can unnest"
            if values.has_rows
            else "objects"
            if values.is_nested
            else "e-mails"
            if values.is_email
            else "numbers"
            if values.is_number
            else "text"
        )
        for name, values in look.values.items()
    }
    money = any(is_money(n, v) and v.filled for n, v in look.values.items())
    lacking = {"a time": "times" in held.values(), "money that is named so": money}
    lacks = " and ".join(what for what, is_there in lacking.items() if not is_there)
    listed = ", ".join(f"{name} ({what})" for name, what in held.items())
    return f"fits no export: for orders it lacks {lacks or 'who bought'}; its columns are {listed}"


def fits_lines(look: Look) -> bool:
    """Whether the file has lines of orders without what the order itself says."""
    named: Sequence[tuple[str, ...]] = [tokens(n) for n, v in look.values.items() if _counts(v)]
    has_money = any(is_money(n, v) for n, v in look.values.items())
    has_who = any("customer" in words for words in named) or any(
        v.is_email for v in look.values.values()
    )
    return has_money and not has_who and any("order" in words for words in named)


def has_totals(look: Look) -> bool:
    """Whether the file says what an order came to."""
    totals = {"net", "amount", "total", "gross"}
    return any(
        is_money(n, v) and v.filled and money_kind(n) in totals for n, v in look.values.items()
    )


def has_goods(look: Look) -> bool:
    """Whether rows are of goods: what was sold, how many, or at which price."""
    return any(
        {"product", "description", "quantity"} & set(tokens(n))
        or (is_money(n, v) and money_kind(n) == "unit_price")
        for n, v in look.values.items()
    )
