"""Identities that hold in every shop, checked in plain Python on its published marts.

The models have tests of their own that say so in SQL. Here the periods are walked one by one, so
that a missing one is found too, and what is counted is counted again from the day table.
"""

import datetime as dt
from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import Any

from .shops import Shop

#: The marts that they speak of.
MARTS = ("active_customers", "cohort_retention", "lifecycle", "monthly_churn")


def broken_identities(shop: Shop) -> list[str]:
    """What does not add up in a shop with activity: empty if everything does."""
    checks = (_lifecycle, _new_customers, _active_customers, _churn, _cohorts)
    return [f"{check.__name__[1:]}: {fault}" for check in checks for fault in check(shop)]


def _groups(shop: Shop, keys: str, figures: str, mart: str) -> Iterator[tuple[Any, list[Any]]]:
    """Of each group of a mart's rows its key and its rows, in the order of the last key."""
    *group, _ = keys.split(", ")
    rows = shop.query(f"select {keys}, {figures} from {mart} order by {keys}")
    assert rows, f"{mart} is empty: nothing would be checked"
    for key, members in groupby(rows, key=lambda row: row[: len(group)]):
        yield key, [row[len(group) :] for row in members]


def _next_start(period: str, start: dt.date) -> dt.date:
    if period == "month":
        return (start.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return start + dt.timedelta(days={"day": 1, "week": 7}[period])


def _lifecycle(shop: Shop) -> Iterator[str]:
    """active(t) = active(t-1) + new + resurrected - dormant, with no period left out."""
    for key, rows in _groups(
        shop,
        "activity, segment_name, segment_value, period, period_start",
        "active_customers, new_customers, returning_customers, resurrected_customers,"
        " dormant_customers",
        "lifecycle",
    ):
        for (start, *_), (following, *_) in pairwise(rows):
            if following != _next_start(key[-1], start):
                yield f"{key}: {start} is followed by {following}"
        before = 0
        for start, active, new, returning, resurrected, dormant in rows:
            if active != before + new + resurrected - dormant:
                yield f"{key} {start}: {active} active after {before}"
            if active != new + returning + resurrected or before != returning + dormant:
                yield f"{key} {start}: returning customers are not those of both periods"
            before = active


def _new_customers(shop: Shop) -> Iterator[str]:
    """Everybody is new once in an activity, whatever the period."""
    with shop.warehouse.connect() as con:
        customers = dict(
            con.execute(
                "select activity, count(distinct customer_id)"
                " from core.customer_activity_days where occurrences > 0 group by all"
            ).fetchall()
        )
    rows = shop.query(
        "select activity, period, sum(new_customers) from lifecycle"
        " where segment_name = 'all' group by all order by all"
    )
    for activity, period, new in rows:
        if new != customers[activity]:
            yield f"{activity} by {period}: {new} new of {customers[activity]} customers"


def _active_customers(shop: Shop) -> Iterator[str]:
    """DAU <= WAU <= MAU on every day; the DAU are the active customers of the lifecycle."""
    active = {
        row[:-1]: row[-1]
        for row in shop.query(
            "select activity, segment_name, segment_value, period_start, active_customers"
            " from lifecycle where period = 'day'"
        )
    }
    for key, rows in _groups(
        shop,
        "activity, segment_name, segment_value, activity_date",
        "dau, wau, mau_28, mau",
        "active_customers",
    ):
        for (day, *_), (following, *_) in pairwise(rows):
            if following != _next_start("day", day):
                yield f"{key}: {day} is followed by {following}"
        for day, dau, wau, mau_28, mau in rows:
            if not dau <= wau <= mau_28 <= mau:
                yield f"{key} {day}: {dau}, {wau}, {mau_28}, {mau}"
            if (in_lifecycle := active.get((*key, day))) != dau:
                yield f"{key} {day}: {dau} active, {in_lifecycle} in the lifecycle"


def _churn(shop: Shop) -> Iterator[str]:
    """opening + new + reactivated - churned = closing, which opens the next month."""
    for (base,), rows in _groups(
        shop,
        "base, month",
        "opening_customers, new_customers, reactivated_customers, churned_customers,"
        " closing_customers",
        "monthly_churn",
    ):
        closed = 0
        for (month, *_), (following, *_) in pairwise(rows):
            if following != _next_start("month", month):
                yield f"{base}: {month} is followed by {following}"
        for month, opening, new, reactivated, churned, closing in rows:
            if opening != closed or closing != opening + new + reactivated - churned:
                yield f"{base} {month}: {closed} closed, {opening} open, {closing} close"
            closed = closing


def _cohorts(shop: Shop) -> Iterator[str]:
    """k = 0 is the whole cohort; on-or-after only falls, and holds the customers of its period."""
    for key, rows in _groups(
        shop,
        "study, bucket, period, segment_name, segment_value, cohort_start, period_number",
        "cohort_size, retained_customers, retained_on_or_after",
        "cohort_retention",
    ):
        if [number for number, *_ in rows] != list(range(len(rows))):
            yield f"{key}: offsets are missing"
        before = rows[0][1]
        for number, size, retained, on_or_after in rows:
            if size != rows[0][1] or (number == 0 and not size == retained == on_or_after):
                yield f"{key} {number}: {retained} and {on_or_after} of {size}"
            if not retained <= on_or_after <= before:
                yield f"{key} {number}: {retained}, {on_or_after} after {before}"
            before = on_or_after
