"""Silence-based churn by month, and how long customers stay."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator
from math import exp, log, sqrt
from typing import NamedTuple

from .facts import Facts
from .rates import Z, rate

BASES = ("order", "any")


class Stay(NamedTuple):
    """A customer was there from `first` to the day before `ended`; None is to this day."""

    customer: str
    first: dt.date
    ended: dt.date | None

    def holds(self, day: dt.date) -> bool:
        """Whether the customer is there when the day is over."""
        return self.first <= day and (self.ended is None or day < self.ended)


def stays(facts: Facts, base: str) -> dict[str, list[Stay]]:
    """By customer: the spans without a silence that ends them, in order.

    'With N = churn_after_days, a customer ends on day last + N if no activity falls on days last+1
    ... last+N; activity on day last+N keeps them alive; later activity is a reactivation.'
    """
    patience = dt.timedelta(days=facts.settings["churn_after_days"])
    by_customer = {}
    for customer, counts in facts.days[base].items():
        days = sorted(counts)
        found, first = [], days[0]
        for day, following in zip(days, [*days[1:], None], strict=True):
            if following is None:
                over = day + patience <= facts.as_of
                found.append(Stay(customer, first, day + patience if over else None))
            elif following > day + patience:
                found.append(Stay(customer, first, day + patience))
                first = following
        by_customer[customer] = found
    return by_customer


class Month(NamedTuple):
    """A row of monthly_churn."""

    base: str
    month: dt.date
    opening_customers: int
    new_customers: int
    reactivated_customers: int
    churned_customers: int
    closing_customers: int
    churned_joiners: int
    churned_returners: int
    lost_opening_customers: int
    is_complete: bool
    churn_rate: float | None
    churn_rate_low: float | None
    churn_rate_high: float | None
    churn_rate_net: float | None
    churn_rate_of_start_and_new: float | None
    churn_rate_of_start_and_new_low: float | None
    churn_rate_of_start_and_new_high: float | None
    customer_retention_rate: float | None
    customer_retention_rate_low: float | None
    customer_retention_rate_high: float | None
    customer_retention_rate_textbook: float | None


def monthly_churn(facts: Facts) -> Iterator[Month]:
    """Four conventions side by side, each counted from who was there when.

    'Net of same-period joins and returns (11-3-2)/100; churned over start + joined 11/120; churned
    over start 11/100; and 1 - CRR by sets', CRR = |S and E| / |S|; the textbook has (E - N) / S.
    """
    months = facts.periods("month")
    for base in BASES:
        lives = stays(facts, base)
        for t in range(months.number(facts.first_day), months.number(facts.as_of) + 1):
            first, last = months.first_day(t), months.last_day(t)
            eve, end = first - dt.timedelta(days=1), min(last, facts.as_of)

            def within(day: dt.date | None, t: int = t) -> bool:
                return day is not None and months.number(day) == t

            at_start = {who for who, own in lives.items() if any(s.holds(eve) for s in own)}
            at_end = {who for who, own in lives.items() if any(s.holds(end) for s in own)}
            joined = {who for who, own in lives.items() if within(own[0].first)}
            returned = sum(within(stay.first) for own in lives.values() for stay in own[1:])
            ends = [
                (who, own[place + 1].first if place + 1 < len(own) else None)
                for who, own in lives.items()
                for place, stay in enumerate(own)
                if within(stay.ended)
            ]
            joiners = sum(who in joined for who, _ in ends)
            returners = sum(within(back) for _, back in ends)
            opening, new, churned = len(at_start), len(joined), len(ends)
            complete = facts.is_over(first, last)
            some = complete and opening
            yield Month(
                base,
                first,
                opening,
                new,
                returned,
                churned,
                len(at_end),
                joiners,
                returners,
                len(at_start - at_end),
                complete,
                *rate(churned, opening, complete),
                (churned - joiners - returners) / opening if some else None,
                *rate(churned, opening + new, complete),
                *rate(len(at_start & at_end), opening, complete),
                (len(at_end) - new) / opening if some else None,
            )


class Lifespan(NamedTuple):
    """'days = last + N - first if ended, as_of - first if alive.'"""

    days: int
    has_ended: bool


def lifespans(facts: Facts) -> dict[str, Lifespan]:
    """Of buyers, by customer: 'status at as_of_date from the last activity'."""
    patience = dt.timedelta(days=facts.settings["churn_after_days"])
    found = {}
    for customer, days in facts.days["order"].items():
        end = max(days) + patience
        has_ended = end <= facts.as_of
        found[customer] = Lifespan(
            ((end if has_ended else facts.as_of) - min(days)).days, has_ended
        )
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
            min(halved[segment.name, segment.value], default=None),
            sum(life.days for life in own) / ended if ended else None,
        )
