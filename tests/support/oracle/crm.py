"""Answers, points, invitations and redemptions: 'Voice, loyalty, referral, coupons'."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from math import sqrt
from typing import NamedTuple

from .exports import Exports, Row
from .facts import Facts
from .identity import People
from .rates import Z, rate

#: Days in which an invitation can be taken up, where the shop sets no other number.
MATURITY = dt.timedelta(days=30)


class Answers(NamedTuple):
    survey: str
    segment_name: str
    segment_value: str
    month: dt.date
    responses: int
    promoters: int
    passives: int
    detractors: int
    nps: float | None
    nps_low: float | None
    nps_high: float | None
    promoters_observed: int
    promoters_retained: int
    detractors_observed: int
    detractors_retained: int


class Balance(NamedTuple):
    customer_id: str
    accrued: Decimal
    redeemed: Decimal
    expired: Decimal
    adjusted: Decimal
    balance: Decimal
    first_movement: dt.date
    last_movement: dt.date


class Invited(NamedTuple):
    month: dt.date
    invitations: int
    joined: int
    inviters: int
    customers: int
    conversion: float | None
    conversion_low: float | None
    conversion_high: float | None
    k_factor: float | None
    is_complete: bool


class Redeemed(NamedTuple):
    campaign: str
    is_total: bool
    redemptions: int
    redeemers: int
    redemptions_with_order: int


def rows_of(exports: Exports, facts: Facts, export: str, who: str, time: str) -> list[Row]:
    """Rows that count, of whom they belong to in the end, with their business day."""
    people = People(exports.rows["customers"])
    return [
        row | {who: people.survivor(row[who]), "day": facts.day(row[time])}
        for row in exports.rows[export]
        if not people.is_test({"customer_id": row[who]}) and facts.day(row[time]) <= facts.as_of
    ]


def months(facts: Facts, first: dt.date) -> Iterable[dt.date]:
    """First days of the months from that of a day to that of `as_of`."""
    periods = facts.periods("month")
    for number in range(periods.number(first), periods.number(facts.as_of) + 1):
        yield periods.first_day(number)


def nps(exports: Exports, facts: Facts) -> Iterable[Answers]:
    """'% (9-10) - % (0-6) of 0-10 answers, last answer per customer and survey window'."""
    last: dict[tuple[str, str, dt.date], Row] = {}
    rows = rows_of(exports, facts, "surveys", "customer_id", "answered_at")
    for row in sorted(rows, key=lambda row: row["answered_at"]):
        last[row["survey"], row["customer_id"], row["day"].replace(day=1)] = row
    shop_of = {
        customer: segment.value
        for segment in facts.segments
        if segment.name == "shop"
        for customer in segment.customers
    }
    cells: dict[tuple[str, str, str], dict[dt.date, list[Row]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for (survey, customer, month), row in last.items():
        for segment in (("all", "all"), ("shop", shop_of.get(customer, "unknown"))):
            cells[survey, *segment][month].append(row)
    for cell, by_month in cells.items():
        for month in months(facts, min(by_month)):
            yield _answers(facts, cell, month, by_month[month])


def _answers(facts: Facts, cell: tuple[str, str, str], month: dt.date, rows: list[Row]) -> Answers:
    patience = dt.timedelta(days=facts.settings["churn_after_days"])
    orders = facts.days["order"]
    groups = {
        "promoters": [row for row in rows if row["score"] >= 9],
        "passives": [row for row in rows if 7 <= row["score"] <= 8],
        "detractors": [row for row in rows if row["score"] <= 6],
    }
    sizes = {name: len(group) for name, group in groups.items()}
    observed = {
        name: [row for row in group if row["day"] + patience <= facts.as_of]
        for name, group in groups.items()
    }
    retained = {
        name: sum(
            any(row["day"] < day <= row["day"] + patience for day in orders[row["customer_id"]])
            for row in group
        )
        for name, group in observed.items()
    }
    score, low, high = _score(sizes["promoters"], sizes["detractors"], len(rows))
    return Answers(
        *cell,
        month,
        len(rows),
        *sizes.values(),
        score,
        low,
        high,
        len(observed["promoters"]),
        retained["promoters"],
        len(observed["detractors"]),
        retained["detractors"],
    )


def _score(
    promoters: int, detractors: int, answers: int
) -> tuple[float | None, float | None, float | None]:
    """The score and its adjusted Wald interval: 3/4 more at each end, 3/2 in the middle."""
    if answers == 0:
        return None, None, None
    more = answers + 3
    for_, against = (promoters + 0.75) / more, (detractors + 0.75) / more
    centre = for_ - against
    half = Z * sqrt((for_ + against - centre * centre) / more)
    score = 100 * (promoters - detractors) / answers
    return score, max(-100.0, 100 * (centre - half)), min(100.0, 100 * (centre + half))


def loyalty_balances(exports: Exports, facts: Facts) -> Iterable[Balance]:
    """'accrued - redeemed - expired = balance, on every row'; adjustments go either way."""
    moved = defaultdict(list)
    for row in rows_of(exports, facts, "loyalty_points", "customer_id", "occurred_at"):
        moved[row["customer_id"]].append(row)
    for customer, rows in moved.items():
        sums = {kind: Decimal(0) for kind in ("accrued", "redeemed", "expired", "adjusted")}
        for row in rows:
            # exports write what is taken off with a minus or without
            taken = row["kind"] in ("redeemed", "expired")
            sums[row["kind"]] += abs(row["points"]) if taken else row["points"]
        days = [row["day"] for row in rows]
        yield Balance(
            customer,
            *sums.values(),
            sums["accrued"] - sums["redeemed"] - sums["expired"] + sums["adjusted"],
            min(days),
            max(days),
        )


def referral_growth(exports: Exports, facts: Facts) -> Iterable[Invited]:
    """'Invitations per customer x conversion of invitations = K-factor, over mature cohorts.'"""
    people = People(exports.rows["customers"])
    rows = []
    for row in rows_of(exports, facts, "referrals", "referrer_id", "invited_at"):
        whom = row["invited_customer_id"] and people.survivor(row["invited_customer_id"])
        if whom != row["referrer_id"]:
            came = row["joined_at"] or (row["invited_at"] if whom else None)
            rows.append(row | {"whom": whom, "came": came and facts.day(came)})
    bought: dict[str, dt.datetime] = {}
    for happening in facts.happenings:
        if happening.activity == "order":
            first = bought.get(happening.customer, happening.at)
            bought[happening.customer] = min(first, happening.at)
    for row in rows:  # whoever had bought was a customer before, and nobody's to bring
        row["new"] = not (row["whom"] in bought and bought[row["whom"]] < row["invited_at"])
    first_of: dict[str, Row] = {}
    for row in rows:
        if row["whom"] and row["new"]:
            best = first_of.get(row["whom"], row)
            first_of[row["whom"]] = min(best, row, key=lambda r: (r["came"], r["invited_at"]))
    took_up = [
        row
        for row in rows
        if row["came"]
        and row["new"]
        and row["came"] <= min(facts.as_of, row["day"] + MATURITY)
        and (not row["whom"] or first_of[row["whom"]] is row)
    ]
    there = defaultdict(set)
    for happening in facts.happenings:
        there[happening.day.replace(day=1)].add(happening.customer)
    for row in rows:
        there[row["day"].replace(day=1)].add(row["referrer_id"])
    joined = Counter(row["day"].replace(day=1) for row in took_up)
    periods = facts.periods("month")
    for month in months(facts, min(row["day"] for row in rows)):
        sent = [row for row in rows if row["day"].replace(day=1) == month]
        end = periods.last_day(periods.number(month))
        complete = facts.is_over(month, end) and end + MATURITY <= facts.as_of
        customers = len(there[month])
        yield Invited(
            month,
            len(sent),
            joined[month],
            len({row["referrer_id"] for row in sent}),
            customers,
            *rate(joined[month], len(sent), complete),
            joined[month] / customers if complete and customers else None,
            complete,
        )


def coupon_redemptions(exports: Exports, facts: Facts) -> Iterable[Redeemed]:
    """By campaign, and all together: how often, by how many, and with an order that is named."""
    cut = defaultdict(list)
    written = Counter(
        row[name]
        for rows in exports.rows.values()
        for row in rows
        for name in ("campaign", "coupon_code")
        if row.get(name)
    )
    shown: dict[str, str] = {}  # one name for all spellings: the most frequent, or the first
    for name in sorted(written, key=lambda name: (-written[name], name)):
        shown.setdefault(name.lower(), name)
    for row in rows_of(exports, facts, "coupons", "customer_id", "redeemed_at"):
        named = shown[(row["campaign"] or row["coupon_code"]).lower()]
        for campaign in ((named, False), ("all", True)):
            cut[campaign].append(row)
    known = {sale.id for sale in facts.orders}
    for (campaign, is_total), rows in cut.items():
        yield Redeemed(
            campaign,
            is_total,
            len(rows),
            len({row["customer_id"] for row in rows}),
            sum(row["order_id"] in known for row in rows),
        )
