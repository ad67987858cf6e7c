"""The club: subscriptions that renew, lapse, change their price and come back.

For a term of more than a month a message asks to renew, sent to those who are not held out of it
and may be written to; that message works. Terms of a month renew without one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from dagster_project.demo.delivered.dirty_data import CLEAN, REPEATED, SUPERSEDED, Delivered
from dagster_project.demo.delivered.rows import Export, customer_ids
from dagster_project.demo.draws.audiences import CAMPAIGN_MONTHS, Mailing, Reach
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import DAY, day_number, day_of

RENEWAL = "renewal_due"
NOTICE_DAYS = 10  # from the message to the renewal
SUBSCRIBER_SHARE = 0.4
JOIN_DELAY_DAYS = 20.0  # mean, from sign-up
PLANS = ("monthly", "quarterly", "yearly")
PLAN_SHARES = (0.25, 0.65, 0.10)
PLAN_MONTHS = (1, 3, 12)
PLAN_PENCE = (600, 1500, 4800)  # a term
RENEWS = (0.93, 0.45, 0.45)  # chance at the end of a term
RENEWS_WHEN_WRITTEN = 0.90
PRICE_CHANGES = 0.06  # of renewals: to the higher price or back
DEARER = 3, 2  # times 3 / 2
FAILED_CARDS = 0.25  # of the ends
COMES_BACK = 0.2
AWAY_DAYS = 40.0  # mean


@dataclass
class Period:
    """A stretch of one subscription at one price; days are counted from 1970-01-01."""

    subscription: int
    person: int
    plan: int
    pence: int
    start: int
    end: int | None = None  # first day after it
    reason: str = ""


@dataclass
class Club:
    """All periods, in the order drawn, and the messages that asked to renew."""

    periods: list[Period] = field(default_factory=list)
    mailings: list[Mailing] = field(default_factory=list)


def draw_club(shop: Shop, reach: Reach) -> Club:
    """Draw who subscribes, for how long and at which price."""
    parameters, people, rng = shop.parameters, shop.people, shop.parameters.rng(21)
    joins = (rng.random(len(people)) < SUBSCRIBER_SHARE) & ~people.is_test
    delay = rng.exponential(JOIN_DELAY_DAYS, len(people))
    plan = rng.choice(len(PLANS), len(people), p=PLAN_SHARES)
    first = (people.signed_up_at // DAY + 1 + delay).astype(np.int64)
    club, number = Club(), 0
    for person in np.flatnonzero(joins & (first < parameters.end_day)).tolist():
        start: int | None = int(first[person])
        while start is not None and start < parameters.end_day:
            number += 1
            end = _subscribe(
                rng,
                shop,
                reach,
                club,
                Period(
                    number,
                    person,
                    int(plan[person]),
                    PLAN_PENCE[plan[person]],
                    _in_every_month(start),
                ),
            )
            comes_back = end is not None and rng.random() < COMES_BACK
            start = end + 2 + int(rng.exponential(AWAY_DAYS)) if end and comes_back else None
    return club


def _subscribe(
    rng: np.random.Generator, shop: Shop, reach: Reach, club: Club, period: Period
) -> int | None:
    """Draw a subscription's terms; return the day it ended, None while it runs."""
    club.periods.append(period)
    renewal = period.start
    campaign = day_number(shop.parameters.month_start(CAMPAIGN_MONTHS))
    while True:
        months = PLAN_MONTHS[period.plan]
        renewal = _months_on(renewal, months)
        if renewal >= shop.parameters.end_day:
            return None
        chance = RENEWS[period.plan]
        asked_on = renewal - NOTICE_DAYS
        if months > 1 and asked_on >= campaign:
            channel = reach.channel(RENEWAL, period.person, asked_on)
            if channel:
                club.mailings.append(Mailing(period.person, channel, RENEWAL, asked_on))
                chance = RENEWS_WHEN_WRITTEN
        if rng.random() >= chance:
            period.end = renewal
            period.reason = "card failed" if rng.random() < FAILED_CARDS else "cancelled"
            return renewal
        if rng.random() < PRICE_CHANGES:
            period.end = renewal
            base, (times, by) = PLAN_PENCE[period.plan], DEARER
            pence = base * times // by if period.pence == base else base
            period = Period(period.subscription, period.person, period.plan, pence, renewal)
            club.periods.append(period)


def _in_every_month(day: int) -> int:
    """The day itself, or the 28th: a day that every month has."""
    found = day_of(day)
    return day_number(found.replace(day=min(found.day, 28)))


def _months_on(day: int, months: int) -> int:
    found = day_of(day)
    year, month = divmod(found.year * 12 + found.month - 1 + months, 12)
    return day_number(date(year, month + 1, found.day))


def club_deliveries(shop: Shop, club: Club) -> Delivered:
    """All periods as they stood at two moments: half-way, and at the end of the data."""
    parameters = shop.parameters
    middle = parameters.month_start(parameters.months // 2)
    final = parameters.month_start(parameters.months)
    export = Export(
        name="subscriptions",
        file_name="subscriptions_{day}.csv",
        joiner=",",
        header="Subscription No,Client ID,Plan,Billing Months,Price,Start Date,End Date,Why",
        columns={},
        key="Subscription No",
        period=np.zeros(len(club.periods), dtype=np.int64),
        day=np.array([period.start for period in club.periods], dtype=np.int64),
        deliveries=[middle, final],
    )
    result = Delivered(export)
    for period in club.periods:
        line = _line(period, parameters.end_day)
        result.add(line, 1, CLEAN)
        if period.start < day_number(middle):
            then = _line(period, day_number(middle))
            result.add(then, 0, REPEATED if then == line else SUPERSEDED)
    return result


def _line(period: Period, known_to: int) -> str:
    """A period as it is known on a day: what ends later is not known to end."""
    ended = period.end is not None and period.end < known_to
    values = [
        f"K{period.subscription:05d}",
        customer_ids(np.array([period.person]))[0],
        PLANS[period.plan],
        str(PLAN_MONTHS[period.plan]),
        f"{period.pence / 100:.2f}",
        day_of(period.start).isoformat(),
        day_of(period.end).isoformat() if ended and period.end is not None else "",
        period.reason if ended else "",
    ]
    return ",".join(values)


def recurring_revenue(shop: Shop, club: Club) -> list[dict[str, Any]]:
    """Per month: paying customers and pounds a month on its last day."""
    rows = []
    for month in range(shop.parameters.months):
        last = day_number(shop.parameters.month_start(month + 1)) - 1
        paid: Counter[int] = Counter()
        for period in club.periods:
            if period.start <= last and (period.end is None or period.end > last):
                paid[period.person] += period.pence // PLAN_MONTHS[period.plan]
        rows.append(
            {
                "month": shop.parameters.month_start(month).isoformat(),
                "customers": len(paid),
                "mrr": sum(paid.values()) / 100,
            }
        )
    return rows
