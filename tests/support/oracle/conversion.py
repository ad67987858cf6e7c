"""How often customers visit, and which visits lead to an order."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from statistics import mean, median
from typing import NamedTuple

from .facts import Facts, Sale, Visit
from .rates import rate

WINDOW = dt.timedelta(hours=24)


class Conversion(NamedTuple):
    """A row of session_conversion, of all visits together."""

    month: dt.date
    sessions: int
    converted_sessions: int
    orders: int
    customers: int
    anonymous_visitors: int
    is_complete: bool
    conversion_rate: float | None
    rate_low: float | None
    rate_high: float | None
    sessions_per_customer: float | None
    median_sessions_per_customer: float | None


def session_conversion(facts: Facts) -> Iterator[Conversion]:
    """By month of the visit, also of visitors nobody knows.

    An order belongs to the latest visit of its customer that began at or before it, at most 24
    hours before. A month is complete once that window of its last visit is over.
    """
    months = facts.periods("month")
    led_to = Counter(visit for sale in facts.orders if (visit := _visit_of(facts, sale)))
    for t in range(months.number(facts.first_day), months.number(facts.as_of) + 1):
        first, last = months.first_day(t), months.last_day(t)
        visits = [visit for visit in facts.visits if first <= visit.day <= last]
        own = Counter(visit.customer for visit in visits if visit.customer)
        converted = sum(visit in led_to for visit in visits)
        closed = facts.day(
            facts.midnight(last + dt.timedelta(1)) + WINDOW - dt.timedelta.resolution
        )
        complete = (
            facts.is_over(first, last)
            and closed <= facts.as_of
            and facts.is_known("session", first, closed)
            and facts.is_known("order", first, closed)
        )
        yield Conversion(
            first,
            len(visits),
            converted,
            sum(led_to[visit] for visit in visits),
            len(own),
            len({visit.device for visit in visits if not visit.customer}),
            complete,
            *rate(converted, len(visits), complete),
            mean(own.values()) if own else None,
            median(own.values()) if own else None,
        )


def _visit_of(facts: Facts, sale: Sale) -> Visit | None:
    before = [
        visit
        for visit in facts.visits
        if visit.customer == sale.customer and sale.at - WINDOW <= visit.at <= sale.at
    ]
    return max(before, key=lambda visit: (visit.at, visit.id), default=None)
