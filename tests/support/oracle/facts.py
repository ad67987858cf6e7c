"""What the exports of a plan tell: who did what when, and what they paid."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from .exports import REFUND_STATUSES, STATUSES, TIMES, Exports, Row
from .identity import Owners, People
from .periods import Periods
from .plans import Plan

SILENCE = dt.timedelta(minutes=30)
#: The activity that an export tells of, of those that may miss a day here.
TELLS_OF = {"orders": "order", "sessions": "session"}
RESERVED = ("order", "session", "any")


class Happening(NamedTuple):
    """A customer did something once; `at` is in UTC, `day` is the business day."""

    customer: str
    activity: str
    at: dt.datetime
    day: dt.date


class Visit(NamedTuple):
    """A session; without a customer it is that of a device nobody has logged in on."""

    id: int
    customer: str | None
    device: str | None
    at: dt.datetime
    day: dt.date


class Sale(NamedTuple):
    """An order, and what is left of its amount after all that was ever refunded of it."""

    customer: str
    at: dt.datetime
    day: dt.date
    net: Decimal
    id: str


@dataclass(frozen=True)
class Segment:
    """Customers who are counted together."""

    name: str
    value: str
    customers: frozenset[str]


@dataclass(frozen=True)
class Facts:
    """All that happened up to `as_of`."""

    settings: dict[str, Any]
    as_of: dt.date
    history_starts_on: dt.date
    missing_days: dict[str, list[str]]
    happenings: list[Happening]
    orders: list[Sale]
    visits: list[Visit]
    segments: list[Segment]
    #: By customer: the first day on which a row of their own named them, no login told later.
    named: dict[str, dt.date]

    @cached_property
    def days(self) -> dict[str, dict[str, Counter[dt.date]]]:
        """By activity and customer: how often on which day. `any` is the union of all."""
        days: dict[str, dict[str, Counter[dt.date]]] = defaultdict(lambda: defaultdict(Counter))
        for happening in self.happenings:
            for activity in (happening.activity, "any"):
                days[activity][happening.customer][happening.day] += 1
        return days

    def done(self, activity: str) -> dict[str, list[Happening]]:
        """By customer: all times they did an activity, in order."""
        done = defaultdict(list)
        for happening in sorted(self.happenings, key=lambda happening: happening.at):
            if activity in (happening.activity, "any"):
                done[happening.customer].append(happening)
        return done

    def sales(self) -> dict[str, list[Sale]]:
        """By customer: their orders, in order."""
        sales = defaultdict(list)
        for sale in sorted(self.orders, key=lambda sale: sale.at):
            sales[sale.customer].append(sale)
        return sales

    def periods(self, period: str) -> Periods:
        """Periods of this kind, as the shop cuts them."""
        return Periods(period, self.settings.get("week_starts_on", "monday"))

    def day(self, at: dt.datetime) -> dt.date:
        """The business day of a moment."""
        zone = ZoneInfo(self.settings["business_time_zone"])
        return at.replace(tzinfo=dt.UTC).astimezone(zone).date()

    def midnight(self, day: dt.date) -> dt.datetime:
        """The moment at which a business day begins, in UTC."""
        zone = ZoneInfo(self.settings["business_time_zone"])
        begin = dt.datetime.combine(day, dt.time(), zone)
        return begin.astimezone(dt.UTC).replace(tzinfo=None)

    def is_over(self, first_day: dt.date, last_day: dt.date) -> bool:
        """Whether a span of days ended on or before `as_of`, and not before the history began."""
        return self.history_starts_on <= last_day <= self.as_of

    def is_known(self, activity: str, first_day: dt.date, last_day: dt.date) -> bool:
        """Whether no day of an export that tells of the activity is missing in a span of days."""
        missing = (
            dt.date.fromisoformat(day)
            for export, days in self.missing_days.items()
            for day in days
            if activity in ("any", TELLS_OF[export])
        )
        return not any(first_day <= day <= last_day for day in missing)

    @cached_property
    def first_day(self) -> dt.date:
        """The day of the first happening, registrations before the history included."""
        return min(happening.day for happening in self.happenings)


def read(exports: Exports, plan: Plan) -> Facts:
    """The facts in the rows of a plan's exports."""
    people = People(exports.rows["customers"])
    traffic = {
        export: [row for row in _newest(exports.rows[export]) if not people.is_test(row)]
        for export in TIMES
    }
    everything = [
        _day(row[time], plan) for export, time in TIMES.items() for row in traffic[export]
    ]
    partial = dt.timedelta(days=bool(plan.settings.get("last_day_is_partial")))
    as_of = plan.settings.get("as_of_date")
    last = dt.date.fromisoformat(as_of) if as_of else max(everything) - partial
    history = plan.settings.get("history_starts_on")

    for export, time in TIMES.items():
        traffic[export] = [row for row in traffic[export] if _day(row[time], plan) <= last]
    owners = Owners(people, traffic)
    orders = {row["order_id"]: row for row in _orders(traffic["orders"], owners)}
    visits = list(_visits(traffic, owners, plan))
    happenings = [
        Happening(customer, activity, at, _day(at, plan))
        for customer, activity, at in (
            *_happenings(orders.values(), traffic["events"], owners, people),
            *((visit.customer, "session", visit.at) for visit in visits if visit.customer),
        )
        if _day(at, plan) <= last
    ]
    return Facts(
        plan.settings,
        last,
        dt.date.fromisoformat(history) if history else min(everything),
        plan.missing_days,
        happenings,
        _sales(orders, list(_refunds(exports, people)), last, plan),
        visits,
        _segments({happening.customer for happening in happenings}, people),
        _named(orders.values(), traffic, people, plan),
    )


def _day(at: dt.datetime, plan: Plan) -> dt.date:
    return at.replace(tzinfo=dt.UTC).astimezone(plan.zone).date()


def _newest(rows: Iterable[Row]) -> list[Row]:
    """Of the versions of an order, the one with the largest `updated_at`, then the last one."""
    newest: dict[Any, Row] = {}
    for number, row in enumerate(rows):
        key = row.get("order_id") or number
        if key not in newest or _changed(row) >= _changed(newest[key]):
            newest[key] = row
    return list(newest.values())


def _changed(row: Row) -> dt.datetime:
    return row.get("updated_at") or dt.datetime.min  # noqa: DTZ901


def _orders(rows: list[Row], owners: Owners) -> list[Row]:
    """Orders that count, with the customer they belong to; below zero they are refunds."""
    return [
        row | {"owner": owner, "state": STATUSES[row["status"]]}
        for row in rows
        if STATUSES[row["status"]] in ("counted", "refunded")
        and row["amount"] >= 0
        and (owner := owners.owner(row, row["ordered_at"]))
    ]


def _happenings(
    orders: Iterable[Row], events: list[Row], owners: Owners, people: People
) -> Iterable[tuple[str, str, dt.datetime]]:
    for row in orders:
        yield row["owner"], "order", row["ordered_at"]
    for customer, at in people.sign_ups().items():
        yield customer, "signed_up", at
    for row in events:
        if owner := owners.owner(row, row["occurred_at"]):
            name = row["event_name"]
            yield owner, f"event:{name}" if name in RESERVED else name, row["occurred_at"]


def _visits(traffic: dict[str, list[Row]], owners: Owners, plan: Plan) -> Iterable[Visit]:
    """'Without a session export, sessions are built from events.'"""
    rows = traffic["sessions"] if plan.has_sessions else _built(traffic["events"], owners)
    for id_, row in enumerate(rows):
        at = row["started_at"]
        yield Visit(id_, owners.owner(row, at), row["anonymous_id"], at, _day(at, plan))


def _built(events: list[Row], owners: Owners) -> Iterable[Row]:
    """The first event of each session: 'by that id, else by 30 minutes of silence' of a visitor."""
    by_id: set[str] = set()
    last_of: dict[str, dt.datetime] = {}
    for row in sorted(events, key=lambda row: row["occurred_at"]):
        at = row["occurred_at"]
        visitor = owners.owner(row, at) or row["anonymous_id"]
        if row["session_id"]:
            begins = row["session_id"] not in by_id
            by_id.add(row["session_id"])
        else:
            begins = visitor not in last_of or at - last_of[visitor] > SILENCE
            last_of[visitor] = at
        if begins:
            yield row | {"started_at": at}


def _refunds(exports: Exports, people: People) -> Iterable[Row]:
    """Refunds that count; an order below zero is one that names no order."""
    for row in exports.rows["refunds"]:
        if REFUND_STATUSES[row["status"]] == "counted" and not people.is_test(row):
            named = row["customer_id"]
            yield row | {"customer_id": named and people.survivor(named)}
    for row in _newest(exports.rows["orders"]):
        if row["amount"] < 0 and not people.is_test(row):
            customer = people.survivor(row["customer_id"])
            yield {
                "order_id": None,
                "customer_id": customer,
                "amount": -row["amount"],
                "refunded_at": row["ordered_at"],
            }


def _sales(orders: dict[str, Row], refunds: list[Row], as_of: dt.date, plan: Plan) -> list[Sale]:
    """Orders, less what was refunded of them up to `as_of`.

    'Refunded without a refund row is a refund of the whole.' 'A refund that names no order goes to
    the customer's latest order at or before it, one with none before to the first order.'
    """
    named = {refund["order_id"] for refund in refunds}
    net = {
        id_: Decimal(0) if row["state"] == "refunded" and id_ not in named else row["amount"]
        for id_, row in orders.items()
    }
    of_customer = defaultdict(list)
    for id_, row in orders.items():
        of_customer[row["owner"]].append((row["ordered_at"], id_))
    for refund in refunds:
        if _day(refund["refunded_at"], plan) > as_of:
            continue
        id_ = refund["order_id"]
        if id_ is None and (own := sorted(of_customer[refund["customer_id"]])):
            before = [order for order in own if order[0] <= refund["refunded_at"]]
            id_ = (before[-1] if before else own[0])[1]
        if id_ in net:
            net[id_] -= refund["amount"]
    return [
        Sale(row["owner"], row["ordered_at"], _day(row["ordered_at"], plan), net[id_], id_)
        for id_, row in orders.items()
    ]


def _named(
    orders: Iterable[Row], traffic: dict[str, list[Row]], people: People, plan: Plan
) -> dict[str, dt.date]:
    told = [(row["customer_id"], row["ordered_at"]) for row in orders]
    told += [(row["customer_id"], row["occurred_at"]) for row in traffic["events"]]
    if plan.has_sessions:
        told += [(row["customer_id"], row["started_at"]) for row in traffic["sessions"]]
    told += people.sign_ups().items()
    named: dict[str, dt.date] = {}
    for customer, at in told:
        if customer:
            survivor, day = people.survivor(customer), _day(at, plan)
            named[survivor] = min(day, named.get(survivor, day))
    return named


def _segments(customers: set[str], people: People) -> list[Segment]:
    """Everybody together, and each shop; `unknown` are customers without a profile.

    Of merged profiles the survivor's comes first; the others are of the same shop here.
    """
    others = {people.survivor(id_): profile for id_, profile in people.profiles.items()}
    shops = defaultdict(set)
    for customer in customers:
        profile = people.profiles.get(customer) or others.get(customer)
        shops[profile["shop"] if profile else "unknown"].add(customer)
    everybody = Segment("all", "all", frozenset(customers))
    return [everybody, *(Segment("shop", name, frozenset(who)) for name, who in shops.items())]
