"""Who buys again, and after how long."""

import datetime as dt
from collections.abc import Iterator
from itertools import pairwise
from statistics import quantiles
from typing import NamedTuple

from .facts import Facts
from .rates import rate

HORIZONS = (30, 60, 90, 180, 365, None)


class Repeat(NamedTuple):
    """A row of repeat_purchase."""

    horizon_days: int | None
    eligible_customers: int
    repeat_customers: int
    repeat_rate: float | None
    rate_low: float | None
    rate_high: float | None
    lower_quartile_days_between_orders: float | None
    median_days_between_orders: float | None
    upper_quartile_days_between_orders: float | None


def repeat_purchase(facts: Facts) -> Iterator[Repeat]:
    """By horizon, and ever.

    'Customers with 2 orders or more / customers with 1 or more; and within 30/60/90/180/365 days of
    the first order, over customers observed that long. Time between orders: median and quartiles.'
    """
    for horizon in HORIZONS:
        eligible, pauses = [], []
        for sales in facts.sales().values():
            days = [sale.day for sale in sales]
            end = facts.as_of if horizon is None else days[0] + dt.timedelta(days=horizon)
            if end <= facts.as_of:
                inside = [day for day in days if day <= end]
                eligible.append(len(inside))
                pauses += [(b - a).days for a, b in pairwise(inside)]
        again = sum(orders >= 2 for orders in eligible)
        yield Repeat(
            horizon, len(eligible), again, *rate(again, len(eligible)), *_quartiles(pauses)
        )


def _quartiles(days: list[int]) -> tuple[float | None, float | None, float | None]:
    """Lower quartile, median and upper quartile, linear between neighbours."""
    if not days:
        return None, None, None
    lower, median, upper = quantiles(days * 2 if len(days) == 1 else days, method="inclusive")
    return lower, median, upper
