"""Growth accounting, active customers and days active."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from .facts import Facts
from .periods import PERIODS


class Growth(NamedTuple):
    """A row of lifecycle."""

    activity: str
    segment_name: str
    segment_value: str
    period: str
    period_start: dt.date
    active_customers: int
    new_customers: int
    returning_customers: int
    resurrected_customers: int
    dormant_customers: int
    is_complete: bool
    quick_ratio: float | None


def lifecycle(facts: Facts) -> Iterator[Growth]:
    """Growth accounting of each activity, from the first day of anything on.

    'new: first activity ever is in t. returning: active in t-1 and t. resurrected: active before,
    not in t-1, active in t. dormant: active in t-1, not in t. Quick ratio = (new + resurrected) /
    dormant.'
    """
    for activity, customers in facts.days.items():
        for period in PERIODS:
            periods = facts.periods(period)
            numbers = {
                who: {periods.number(day) for day in days} for who, days in customers.items()
            }
            span = range(periods.number(facts.first_day), periods.number(facts.as_of) + 1)
            for segment in facts.segments:
                own = {who: ns for who, ns in numbers.items() if who in segment.customers}
                if not own:
                    continue
                for t in span:
                    active = {who for who, ns in own.items() if t in ns}
                    before = {who for who, ns in own.items() if t - 1 in ns}
                    new = {who for who, ns in own.items() if min(ns) == t}
                    dormant = len(before - active)
                    resurrected = len(active - before - new)
                    complete = facts.is_over(periods.first_day(t), periods.last_day(t))
                    # who returned, resurrected or fell silent depends on the period before, too
                    complete &= facts.is_known(
                        activity, periods.first_day(t - 1), periods.last_day(t)
                    )
                    yield Growth(
                        activity,
                        segment.name,
                        segment.value,
                        period,
                        periods.first_day(t),
                        len(active),
                        len(new),
                        len(active & before),
                        resurrected,
                        dormant,
                        complete,
                        (len(new) + resurrected) / dormant if complete and dormant else None,
                    )


class Active(NamedTuple):
    """A row of active_customers."""

    activity: str
    segment_name: str
    segment_value: str
    activity_date: dt.date
    dau: int
    wau: int
    mau_28: int
    mau: int
    dau_is_complete: bool
    wau_is_complete: bool
    mau_28_is_complete: bool
    mau_is_complete: bool
    stickiness: float | None


def active_customers(facts: Facts) -> Iterator[Active]:
    """Distinct customers by day and trailing window, counted anew for every day.

    'DAU = distinct active that day. WAU/MAU = distinct over the trailing 7/30 days ending that day;
    MAU over 28 days as well. Days with none are rows. WAU, MAU and the 28-day MAU are incomplete
    for the first 6, 29 and 27 days. Stickiness = DAU/MAU.'
    """
    for activity, customers in facts.days.items():
        for segment in facts.segments:
            own = {who: set(days) for who, days in customers.items() if who in segment.customers}
            if not own:
                continue
            first, last = facts.first_day.toordinal(), facts.as_of.toordinal()
            on = {
                day: {who for who, days in own.items() if dt.date.fromordinal(day) in days}
                for day in range(first, last + 1)
            }
            for day in range(first, last + 1):
                wau, mau_28, mau = (
                    len(set().union(*(on.get(day - back, set()) for back in range(length))))
                    for length in (7, 28, 30)
                )
                date = dt.date.fromordinal(day)
                day_known, week_known, four_weeks_known, month_known = (
                    _is_whole(facts, activity, date - dt.timedelta(length - 1), date)
                    for length in (1, 7, 28, 30)
                )
                yield Active(
                    activity,
                    segment.name,
                    segment.value,
                    date,
                    len(on[day]),
                    wau,
                    mau_28,
                    mau,
                    day_known,
                    week_known,
                    four_weeks_known,
                    month_known,
                    len(on[day]) / mau if month_known and mau else None,
                )


def _is_whole(facts: Facts, activity: str, first_day: dt.date, last_day: dt.date) -> bool:
    """Whether the data reach over all days of a window, none of them missing."""
    inside = facts.history_starts_on <= first_day and last_day <= facts.as_of
    return inside and facts.is_known(activity, first_day, last_day)


class DaysActive(NamedTuple):
    """A row of stickiness."""

    activity: str
    window: str
    window_start: dt.date
    window_end: dt.date
    days_active: int
    customers: int
    customers_at_least: int
    is_complete: bool
    average_days_active: float | None


def stickiness(facts: Facts) -> Iterator[DaysActive]:
    """'Customers active on exactly n days of the window, and on at least n; average days.'"""
    for activity, customers in facts.days.items():
        for window, start, end in _windows(facts):
            active = Counter(
                sum(start <= day <= end for day in days) for days in customers.values()
            )
            active.pop(0, None)
            whole = active.total()
            average = sum(n * count for n, count in active.items()) / whole if whole else None
            for n in range(1, (end - start).days + 2):
                at_least = sum(count for days, count in active.items() if days >= n)
                yield DaysActive(
                    activity,
                    window,
                    start,
                    end,
                    n,
                    active[n],
                    at_least,
                    _is_whole(facts, activity, start, end),
                    average,
                )


def _windows(facts: Facts) -> Iterator[tuple[str, dt.date, dt.date]]:
    """'Calendar week, calendar month, trailing_7, trailing_30, and any of settings.'"""
    for period in ("week", "month"):
        periods = facts.periods(period)
        for t in range(periods.number(facts.first_day), periods.number(facts.as_of) + 1):
            yield f"calendar {period}", periods.first_day(t), periods.last_day(t)
    for length in sorted({7, 30, *facts.settings.get("stickiness_window_days", [])}):
        yield f"trailing_{length}", facts.as_of - dt.timedelta(days=length - 1), facts.as_of
