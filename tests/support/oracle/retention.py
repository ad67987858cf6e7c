"""Cohort retention and the pooled curve, cell by cell."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from .facts import Facts, Happening, Sale, Segment
from .periods import PERIODS
from .rates import rate

SPANS = {"day": dt.timedelta(1), "week": dt.timedelta(7), "month": dt.timedelta(30)}
HORIZONS = {"day": "retention_days", "week": "retention_weeks", "month": "retention_months"}


@dataclass(frozen=True)
class Study:
    """'A study is (name, start activity, return activity, entry rule, minimum occurrences).'"""

    name: str
    start: str
    return_: str
    entry: str = "first"
    min_occurrences: int = 1
    bucket: str = "calendar"

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Study":
        """A study of `exports.yml`."""
        return cls(**{("return_" if key == "return" else key): row[key] for key in row})


SHIPPED = [
    Study("order_to_order", "order", "order"),
    Study("session_to_session", "session", "session"),
    Study("any_to_any", "any", "any"),
    Study("signed_up_to_order", "signed_up", "order"),
]


class Cell(NamedTuple):
    """A row of cohort_retention."""

    study: str
    bucket: str
    period: str
    segment_name: str
    segment_value: str
    cohort_start: dt.date
    period_number: int
    cohort_size: int
    retained_customers: int
    retained_on_or_after: int
    revenue: Decimal
    is_complete: bool
    is_left_truncated: bool
    retention_rate: float | None
    rate_low: float | None
    rate_high: float | None
    on_or_after_rate: float | None
    on_or_after_low: float | None
    on_or_after_high: float | None


class Member(NamedTuple):
    """A customer of a cohort: offsets with enough returns, and net order revenue by offset."""

    returns: set[int]
    revenue: dict[int, Decimal]


def cohort_retention(facts: Facts, studies: list[Study]) -> Iterator[Cell]:
    """All cells of all studies that have begun by `as_of`.

    'On-interval: customers of the cohort with at least min occurrences of the return activity
    inside bucket k; k = 0 is the cohort's size by definition. On-or-after: customers whose last
    return is in bucket k or later; with min occurrences n, the last bucket holding n or more. A
    complete cell with no activity is a row with 0. Revenue of a cell = net order revenue of the
    cohort's customers in bucket k.'
    """
    for study in studies:
        for period in PERIODS:
            for start, members in _cohorts(facts, study, period).items():
                for segment in facts.segments:
                    own = [one for who, one in members.items() if who in segment.customers]
                    if own:
                        yield from _cells(facts, study, period, start, segment, own)


def _cohorts(facts: Facts, study: Study, period: str) -> dict[int, dict[str, Member]]:
    """By number of the cohort's period: its customers.

    'first: the customer's first-ever start activity decides the one cohort. recurring: a customer
    is in every period in which they did the start activity.'
    """
    periods = facts.periods(period)
    returns, sales = facts.done(study.return_), facts.sales()
    cohorts: dict[int, dict[str, Member]] = defaultdict(dict)
    for who, starts in facts.done(study.start).items():
        for start in starts[:1] if study.entry == "first" else starts:
            number = periods.number(start.day)
            if who in cohorts[number]:  # by an earlier start in the same period
                continue

            def offset(one: Happening | Sale, start: Happening = start) -> int:
                """'Elapsed windows: 24 h, 7 d, 30 d from the start moment.'"""
                if study.bucket == "elapsed":
                    return (one.at - start.at) // SPANS[period]
                return periods.number(one.day) - periods.number(start.day)

            times = Counter(offset(one) for one in returns.get(who, []))
            revenue: dict[int, Decimal] = defaultdict(Decimal)
            for sale in sales.get(who, []):
                revenue[offset(sale)] += sale.net
            often_enough = {k for k, count in times.items() if count >= study.min_occurrences}
            cohorts[number][who] = Member(often_enough, revenue)
    return cohorts


def _cells(
    facts: Facts, study: Study, period: str, start: int, segment: Segment, members: list[Member]
) -> Iterator[Cell]:
    """One cohort, as far as cohorts are followed."""
    periods = facts.periods(period)
    cohort_start, cohort_end = periods.first_day(start), periods.last_day(start)
    size = len(members)
    for k in range(facts.settings[HORIZONS[period]] + 1):
        first, last = periods.first_day(start + k), periods.last_day(start + k)
        if study.bucket == "elapsed":  # for whoever could have started first, and last
            first = facts.day(facts.midnight(cohort_start) + k * SPANS[period])
            end = facts.midnight(cohort_end + dt.timedelta(1)) + (k + 1) * SPANS[period]
            last = facts.day(end - dt.timedelta.resolution)
        if first > facts.as_of:
            break
        retained = sum(k == 0 or k in one.returns for one in members)
        later = sum(k == 0 or max(one.returns, default=-1) >= k for one in members)
        complete = (
            facts.is_over(first, last)
            and facts.is_known(study.start, cohort_start, cohort_end)
            and facts.is_known(study.return_, first, last)
        )
        yield Cell(
            study.name,
            study.bucket,
            period,
            segment.name,
            segment.value,
            cohort_start,
            k,
            size,
            retained,
            later,
            sum((one.revenue.get(k, Decimal(0)) for one in members), Decimal(0)),
            complete,
            is_left_truncated(facts, study, cohort_start),
            *rate(retained, size, complete),
            *rate(later, size, complete),
        )


def is_left_truncated(facts: Facts, study: Study, cohort_start: dt.date) -> bool:
    """'Customers whose first activity lies in the first days may be older than the data.'

    A recurring cohort does not say that it was their first.
    """
    first_days = dt.timedelta(days=facts.settings["left_truncation_days"])
    return study.entry == "first" and cohort_start < facts.history_starts_on + first_days


class Point(NamedTuple):
    """A row of retention_curve."""

    study: str
    bucket: str
    period: str
    segment_name: str
    segment_value: str
    period_number: int
    eligible_customers: int
    left_truncated_customers: int
    retained_customers: int
    retained_on_or_after: int
    retention_rate: float | None
    rate_low: float | None
    rate_high: float | None
    on_or_after_rate: float | None
    on_or_after_low: float | None
    on_or_after_high: float | None


def retention_curve(cells: list[Cell]) -> Iterator[Point]:
    """'Sum of the retained over sum of the cohort sizes over complete cells only, zeros kept.'"""
    pooled = defaultdict(list)
    for cell in cells:
        if cell.is_complete:
            pooled[*cell[:5], cell.period_number].append(cell)
    for key, complete in pooled.items():
        size = sum(cell.cohort_size for cell in complete)
        retained = sum(cell.retained_customers for cell in complete)
        later = sum(cell.retained_on_or_after for cell in complete)
        truncated = sum(cell.cohort_size for cell in complete if cell.is_left_truncated)
        yield Point(
            *key, size, truncated, retained, later, *rate(retained, size), *rate(later, size)
        )
