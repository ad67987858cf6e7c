"""Silence-based churn by month, and what separates its conventions."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .facts import Facts
from .rates import rate

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


class End(NamedTuple):
    """A customer ended in a month, perhaps one of several times."""

    customer: str
    was_there_at_start: bool
    has_joined: bool
    has_returned: bool


@dataclass(frozen=True)
class Month:
    """Who was there when a month began, who came, who ended, and who was there when it ended."""

    base: str
    first_day: dt.date
    at_start: set[str]
    at_end: set[str]
    joined: set[str]
    returns: int
    ends: list[End]
    is_complete: bool


def months_of(facts: Facts) -> Iterator[Month]:
    """All months of both bases, from the first day of anything on.

    Who ends in a month was last seen on the day N days before it, or later: those days are needed,
    and before the history is N days old nobody can end.
    """
    months = facts.periods("month")
    patience = dt.timedelta(days=facts.settings["churn_after_days"])
    for base in BASES:
        lives = stays(facts, base)
        for t in range(months.number(facts.first_day), months.number(facts.as_of) + 1):
            first, last = months.first_day(t), months.last_day(t)
            eve, end = first - dt.timedelta(days=1), min(last, facts.as_of)

            def within(day: dt.date | None, t: int = t) -> bool:
                return day is not None and months.number(day) == t

            at_start = {who for who, own in lives.items() if any(s.holds(eve) for s in own)}
            joined = {who for who, own in lives.items() if within(own[0].first)}
            yield Month(
                base,
                first,
                at_start,
                {who for who, own in lives.items() if any(s.holds(end) for s in own)},
                joined,
                sum(within(stay.first) for own in lives.values() for stay in own[1:]),
                [
                    End(who, who in at_start, who in joined, within(following and following.first))
                    for who, own in lives.items()
                    for stay, following in zip(own, [*own[1:], None], strict=True)
                    if within(stay.ended)
                ],
                facts.is_over(first, last)
                and facts.is_known(base, first - patience, last)
                and first >= facts.history_starts_on + patience,
            )


class MonthlyChurn(NamedTuple):
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


def monthly_churn(facts: Facts) -> Iterator[MonthlyChurn]:
    """Four conventions side by side, each counted from who was there when.

    'Net of same-period joins and returns (11-3-2)/100; churned over start + joined 11/120; churned
    over start 11/100; and 1 - CRR by sets', CRR = |S and E| / |S|; the textbook has (E - N) / S.
    """
    for month in months_of(facts):
        opening, new, churned = len(month.at_start), len(month.joined), len(month.ends)
        joiners = sum(end.has_joined for end in month.ends)
        returners = sum(end.has_returned for end in month.ends)
        some = month.is_complete and opening
        yield MonthlyChurn(
            month.base,
            month.first_day,
            opening,
            new,
            month.returns,
            churned,
            len(month.at_end),
            joiners,
            returners,
            len(month.at_start - month.at_end),
            month.is_complete,
            *rate(churned, opening, month.is_complete),
            (churned - joiners - returners) / opening if some else None,
            *rate(churned, opening + new, month.is_complete),
            *rate(len(month.at_start & month.at_end), opening, month.is_complete),
            (len(month.at_end) - new) / opening if some else None,
        )


class SegmentChurn(NamedTuple):
    """A row of churn_by_segment."""

    base: str
    month: dt.date
    segment_name: str
    segment_value: str
    opening_customers: int
    new_customers: int
    churned_customers: int
    closing_customers: int
    churn_rate: float | None
    rate_change: float | None
    contribution: float | None


def churn_by_segment(facts: Facts) -> Iterator[SegmentChurn]:
    """Who of a segment was there, came and ended; and the change of everybody's rate, split."""
    before: dict[str, tuple[bool, int, dict[tuple[str, str], tuple[int, int]]]] = {}
    firsts: dict[str, dict[tuple[str, str], set[str]]] = {base: {} for base in BASES}
    for month in months_of(facts):
        mine = firsts[month.base]
        if month.joined:
            mine["first_month", f"{month.first_day:%Y-%m}"] = month.joined
        segments = {(s.name, s.value): set(s.customers) for s in facts.segments} | mine
        all_opening = len(month.at_start)
        was_complete, all_before, lost_before = before.get(month.base, (False, 0, {}))
        lost = {}
        for key, members in segments.items():
            opening = len(month.at_start & members)
            ended = sum(end.customer in members for end in month.ends)
            lost[key] = (ended, opening)
            came = len(month.joined & members)
            stay = len(month.at_end & members)
            ended_before, opening_before = lost_before.get(key, (0, 0))
            if not (opening or came or ended or stay or ended_before):
                continue
            is_comparable = month.is_complete and was_complete and all_opening and all_before
            rate = ended / opening if month.is_complete and opening else None
            has_change = is_comparable and opening and opening_before
            yield SegmentChurn(
                month.base,
                month.first_day,
                *key,
                opening,
                came,
                ended,
                stay,
                rate,
                ended / opening - ended_before / opening_before if has_change else None,
                ended / all_opening - ended_before / all_before if is_comparable else None,
            )
        before[month.base] = (month.is_complete, all_opening, lost)


class Step(NamedTuple):
    """A row of churn_bridge."""

    base: str
    month: dt.date
    step: str
    customers: int
    customers_at_risk: int
    is_complete: bool
    rate: float | None


def churn_bridge(facts: Facts) -> Iterator[Step]:
    """'A bridge that explains the difference of the conventions for a month', end by end."""
    for month in months_of(facts):
        ends, opening, new = month.ends, len(month.at_start), len(month.joined)
        joiners = sum(end.has_joined for end in ends)
        returners = sum(end.has_returned for end in ends)
        both = sum(end.has_joined and end.has_returned for end in ends)
        strangers = sum(
            not (end.was_there_at_start or end.has_joined or end.has_returned) for end in ends
        )
        steps = [
            ("churn_rate_of_start_and_new", len(ends), opening + new),
            ("joiners_leave_the_denominator", 0, -new),
            ("churn_rate", len(ends), opening),
            ("ended_after_joining", -joiners, 0),
            ("ended_before_a_return", -returners, 0),
            ("churn_rate_net", len(ends) - joiners - returners, opening),
            ("joined_ended_and_returned", both, 0),
            ("returned_and_ended", -strangers, 0),
            ("one_minus_customer_retention_rate", len(month.at_start - month.at_end), opening),
        ]
        rates: list[float | None] = [None] * len(steps)
        if month.is_complete and opening:
            rates = [customers / opening for _, customers, _ in steps]
            rates[1] = len(ends) / opening - len(ends) / (opening + new)
        if month.is_complete and opening + new:
            rates[0] = len(ends) / (opening + new)
        for step, added in zip(steps, rates, strict=True):
            yield Step(month.base, month.first_day, *step, month.is_complete, added)
