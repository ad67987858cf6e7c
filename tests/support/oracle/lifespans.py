"""How long customers stay: Kaplan and Meier, with those still there."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import exp, log, sqrt
from typing import NamedTuple

from .facts import Facts
from .rates import Z


class Lifespan(NamedTuple):
    """'The first silence of N days (days = last before it + N - first); as_of - first if none.'"""

    days: int
    has_ended: bool
    has_resumed: bool


def lifespans(facts: Facts) -> dict[str, Lifespan]:
    """Of buyers, by customer."""
    patience = dt.timedelta(days=facts.settings["churn_after_days"])
    found = {}
    for customer, days in facts.days["order"].items():
        end, *later = sorted(days)
        while later and later[0] <= end + patience:
            end = later.pop(0)
        has_ended = end + patience <= facts.as_of
        lived = (end + patience if has_ended else facts.as_of) - min(days)
        found[customer] = Lifespan(lived.days, has_ended, bool(later))
    return found


class Survival(NamedTuple):
    """A row of lifespan_survival."""

    segment_name: str
    segment_value: str
    days: int
    at_risk: int
    ended: int
    survival: float
    survival_low: float
    survival_high: float


def lifespan_survival(facts: Facts) -> Iterator[Survival]:
    """'Kaplan-Meier survival with Greenwood log-log intervals', by segment, every day from 0."""
    everybody = lifespans(facts)
    for segment in facts.segments:
        own = [life for who, life in everybody.items() if who in segment.customers]
        survival, variance = 1.0, 0.0
        for day in range(max((life.days for life in own), default=-1) + 1):
            at_risk = sum(life.days >= day for life in own)
            ended = sum(life.days == day and life.has_ended for life in own)
            survival *= 1 - ended / at_risk
            variance += ended / (at_risk * (at_risk - ended)) if at_risk > ended else 0
            low = high = survival
            if 0 < survival < 1:  # log(-log S) is normal, with this variance over log(S) squared
                spread = exp(Z * sqrt(variance) / -log(survival))
                low, high = survival**spread, survival ** (1 / spread)
            yield Survival(segment.name, segment.value, day, at_risk, ended, survival, low, high)


class Summary(NamedTuple):
    """A row of lifespan_summary."""

    segment_name: str
    segment_value: str
    customers: int
    ended_customers: int
    resumed_customers: int
    median_days: int | None
    one_over_churn_days: float | None


def lifespan_summary(facts: Facts, days: Iterable[Survival]) -> Iterator[Summary]:
    """The first day on which half survive or fewer; and days there over those who ended."""
    everybody = lifespans(facts)
    halved = defaultdict(list)
    for row in days:
        if row.survival <= 0.5 + 1e-12:
            halved[row.segment_name, row.segment_value].append(row.days)
    for segment in facts.segments:
        own = [life for who, life in everybody.items() if who in segment.customers]
        if not own:
            continue
        ended = sum(life.has_ended for life in own)
        yield Summary(
            segment.name,
            segment.value,
            len(own),
            ended,
            sum(life.has_resumed for life in own),
            min(halved[segment.name, segment.value], default=None),
            sum(life.days for life in own) / ended if ended else None,
        )
