"""Whether customers who do something early stay longer and buy more, by landmark."""

import datetime as dt
from collections.abc import Iterator
from math import sqrt
from typing import NamedTuple

from scipy.stats import false_discovery_control, norm, ttest_ind

from .bootstrap import bootstrap_t, dealt, difference
from .facts import Facts
from .rates import wilson


class Effect(NamedTuple):
    """A row of `behaviour_effect`; the outcome is a share or an average of each group."""

    behaviour: str
    outcome: str
    landmark_day: int
    horizon_days: int
    members: int
    others: int
    member_value: float | None
    other_value: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    is_significant: bool | None


SHARES = ("ordered", "active")
ENOUGH = 30


def behaviour_effect(facts: Facts) -> list[Effect]:
    """'Many comparisons at once are marked by Benjamini-Hochberg at 5 %.'"""
    rows = list(_effects(facts))
    told = [row for row in rows if row.p_value is not None]
    shares = false_discovery_control([row.p_value for row in told]) if told else []
    stands_out = {row[:2]: bool(share <= 0.05) for row, share in zip(told, shares, strict=True)}
    return [row._replace(is_significant=stands_out.get(row[:2])) for row in rows]


def _effects(facts: Facts) -> Iterator[Effect]:
    """'Membership is fixed by day k, value counts only after day k (a landmark).'

    Compared are customers who came within the history, were known by their landmark, and whom the
    horizon has passed. Shares have the interval of Newcombe (1998, method 10), averages one made of
    bootstrap-t intervals: 'money is skewed: bootstrap-t, not the normal'.
    'Groups under interval_min_customers get counts and no comparison.'
    """
    landmark = facts.settings["landmark_day"]
    horizon = facts.settings["effect_horizon_days"]
    landmarks = {}
    for customer, days in facts.days["any"].items():
        first = min(days)
        last = first + dt.timedelta(days=landmark)
        is_known = customer in facts.named and facts.named[customer] <= last
        is_observed = last + dt.timedelta(days=horizon) <= facts.as_of
        if facts.history_starts_on <= first and is_known and is_observed:
            landmarks[customer] = last
    outcomes = {customer: _outcomes(facts, customer, on) for customer, on in landmarks.items()}
    groups = dealt(landmarks)
    for behaviour in set(facts.days) - {"any"}:
        members = {
            customer
            for customer, on in landmarks.items()
            if any(day <= on for day in facts.days[behaviour].get(customer, ()))
        }
        for outcome in ("ordered", "active", "orders", "revenue"):
            who = (members, landmarks.keys() - members)
            values = [{customer: outcomes[customer][outcome] for customer in of} for of in who]
            did, did_not = (list(of.values()) for of in values)
            means = [sum(group) / len(group) if group else None for group in (did, did_not)]
            row = (behaviour, outcome, landmark, horizon, len(did), len(did_not), *means)
            if min(len(did), len(did_not)) < ENOUGH:
                yield Effect(*row, None, None, None, None, None)
                continue
            one, other = sum(did) / len(did), sum(did_not) / len(did_not)
            if outcome in SHARES:
                bounds = [wilson(int(sum(of)), len(of)) for of in (did, did_not)]
            else:
                bounds = [bootstrap_t(of, groups) for of in values]
            interval = difference(one, bounds[0], other, bounds[1])
            chance = by_shares if outcome in SHARES else by_means
            yield Effect(*row, one - other, *interval, chance(did, did_not), None)


def _outcomes(facts: Facts, customer: str, landmark: dt.date) -> dict[str, float]:
    """What a customer does after the landmark, to the end of the horizon."""
    end = landmark + dt.timedelta(days=facts.settings["effect_horizon_days"])
    sales = [sale for sale in facts.sales().get(customer, ()) if landmark < sale.day <= end]
    return {
        "ordered": float(bool(sales)),
        "active": float(any(landmark < day <= end for day in facts.days["any"][customer])),
        "orders": float(len(sales)),
        "revenue": float(sum(sale.net for sale in sales)),
    }


def by_shares(one: list[float], other: list[float]) -> float | None:
    """The p-value of a difference of shares, by the z-test with the share of all."""
    p = (sum(one) + sum(other)) / (len(one) + len(other))
    if p in (0, 1):
        return None
    error = sqrt(p * (1 - p) * (1 / len(one) + 1 / len(other)))
    return 2 * norm.sf(abs(sum(one) / len(one) - sum(other) / len(other)) / error)


def by_means(one: list[float], other: list[float]) -> float | None:
    """The p-value of a difference of means, by Welch; none where a group has no spread."""
    if len(set(one)) < 2 or len(set(other)) < 2:
        return None
    return ttest_ind(one, other, equal_var=False).pvalue
