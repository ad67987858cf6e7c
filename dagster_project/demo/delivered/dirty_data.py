"""How a real export garbles a clean one, without ever making the true answer unrecoverable.

Clean rows may come late, or again, or first in a version that a newer one corrects. Garbled rows
are extra: copies under a number of their own which the clean shop does not hold.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from dagster_project.demo.delivered.rows import Export
from dagster_project.demo.draws.clock import at_some_hour, iso
from dagster_project.demo.draws.orders import CREDIT_NOTE
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import BoolArray, IntArray, day_number

UNREADABLE_DATES = ("see note", "#REF!", "yesterday", "31/02/20xx")
UNREADABLE_AMOUNTS = ("tbc", "N/A!", "12.5O", "see invoice")
UNKNOWN_STATES = ("fraud review", "lost in post", "???")
STALE_REPEATS = 10
CLEAN, LATE = "clean", "late"
REPEATED, STALE, SUPERSEDED = "repeated", "stale_repeat", "superseded"
FUTURE, NO_DATE, NO_AMOUNT = "future", "unreadable_date", "unreadable_amount"
UNKNOWN = "unknown_status"
GARBLED = (FUTURE, NO_DATE, NO_AMOUNT, UNKNOWN)


@dataclass
class Delivered:
    """The lines of one export's deliveries, what each of them is, and the key of a garbled one."""

    export: Export
    lines: list[str] = field(default_factory=list)
    delivery: list[int] = field(default_factory=list)
    kind: list[str] = field(default_factory=list)
    key: list[str] = field(default_factory=list)
    garbled: int = 0

    def add(self, line: str, delivery: int, kind: str, key: str = "") -> None:
        """Deliver one line."""
        self.lines.append(line)
        self.delivery.append(delivery)
        self.kind.append(kind)
        self.key.append(key)

    def counts(self) -> dict[str, int]:
        """Rows of every kind. `clean_rows` contains the late ones; the rest is extra."""
        kinds = Counter(self.kind)
        extra = (REPEATED, STALE, SUPERSEDED, *GARBLED)
        return {
            "rows_in_files": len(self.lines),
            "clean_rows": kinds[CLEAN] + kinds[LATE],
            "late_rows": kinds[LATE],
            **{f"{kind}_rows": kinds[kind] for kind in extra},
        }


def deliver_clean(export: Export) -> Delivered:
    """Every row once, in its period's delivery: the CRM garbles nothing."""
    count = len(export)
    return Delivered(export, export.lines(), export.period.tolist(), [CLEAN] * count, [""] * count)


def garble_stream(shop: Shop, export: Export, stage: int, date_columns: list[str]) -> Delivered:
    """Sessions or events: late rows, overlapping deliveries, unreadable and future dates."""
    rng = shop.parameters.rng(stage)
    result, _ = _deliver(shop, rng, export, np.zeros(len(export), dtype=np.bool_))
    unreadable = max(2, round(len(export) * shop.parameters.unreadable_share))
    for row in rng.integers(0, len(export), unreadable).tolist():
        changes = {date_columns[0]: UNREADABLE_DATES[row % len(UNREADABLE_DATES)]}
        _garbled(result, row, NO_DATE, changes, int(export.period[row]))
    for row in rng.integers(0, len(export), shop.parameters.future_rows).tolist():
        delivery = int(export.period[row])
        moment = f"{_a_year_on(export.deliveries[delivery])}T12:00:00Z"
        _garbled(result, row, FUTURE, dict.fromkeys(date_columns, moment), delivery)
    return result


def garble_orders(shop: Shop, export: Export) -> Delivered:
    """Orders: all of a stream's mess, and corrections, unknown states, unreadable amounts."""
    parameters, rng = shop.parameters, shop.parameters.rng(10)
    first, is_corrected, fixed_at = _corrections(shop, rng, export)
    for row, moment in zip(np.flatnonzero(is_corrected).tolist(), fixed_at, strict=True):
        export.columns["Last Change"][row] = moment
    result, delivery = _deliver(shop, rng, export, is_corrected)
    stale = 0
    for row, line in first.items():
        result.add(line, int(delivery[row]) - 1, SUPERSEDED)
        if stale < STALE_REPEATS and delivery[row] + 1 < len(export.deliveries):
            result.add(line, int(delivery[row]) + 1, STALE)
            stale += 1

    for kind, column, words in (
        (NO_DATE, "Placed At", UNREADABLE_DATES),
        (NO_AMOUNT, "Net Amount", UNREADABLE_AMOUNTS),
        (UNKNOWN, "State", UNKNOWN_STATES),
    ):
        share = parameters.unreadable_share / 2
        count = len(words) if kind == UNKNOWN else max(1, round(len(export) * share))
        rows = rng.integers(0, len(export), count).tolist()
        for n, row in enumerate(rows):
            changes = {column: words[n % len(words)], "Visitor": ""}
            _garbled(result, row, kind, changes, int(export.period[row]))
    for row in rng.integers(0, len(export), parameters.future_rows).tolist():
        number = int(export.period[row])
        moment = f"{_a_year_on(export.deliveries[number])} 12:00:00"
        changes = {"Placed At": moment, "Last Change": moment, "Visitor": ""}
        _garbled(result, row, FUTURE, changes, number)
    return result


def garble_customers(shop: Shop, latest: Export, older: Export) -> Delivered:
    """Customers: an older list that overlaps, and a few rows with an unreadable sign-up."""
    rng, result = shop.parameters.rng(11), Delivered(latest)
    current = latest.lines()
    for line in current:
        result.add(line, 1, CLEAN)
    known = set(current)
    for line in older.lines():
        result.add(line, 0, REPEATED if line in known else SUPERSEDED)
    unreadable = max(1, round(len(latest) * shop.parameters.unreadable_share))
    for row in rng.integers(0, len(latest), unreadable).tolist():
        changes = {"Created": UNREADABLE_DATES[row % len(UNREADABLE_DATES)]}
        _garbled(result, row, NO_DATE, changes, 1)
    return result


def _deliver(
    shop: Shop, rng: np.random.Generator, export: Export, is_corrected: BoolArray
) -> tuple[Delivered, IntArray]:
    """Deliver every clean row once, some late, and the last days of a period once more.

    A corrected row's last version comes with the delivery after its period's.
    """
    last = len(export.deliveries) - 1
    can_wait = (export.period < last) & ~is_corrected
    is_late = (rng.random(len(export)) < shop.parameters.late_share) & can_wait
    waits = np.where(is_late, rng.integers(1, 3, len(export)), is_corrected)
    delivery = np.minimum(export.period + waits, last)
    ends = np.array([day_number(day) for day in export.deliveries])
    in_overlap = export.day >= ends[export.period] - shop.parameters.overlap_days
    again = np.flatnonzero(in_overlap & can_wait & ~is_late)

    lines = export.lines()
    result = Delivered(export, lines, delivery.tolist())
    result.kind = np.where(is_late, LATE, CLEAN).tolist()
    result.key = [""] * len(lines)
    for row in again.tolist():
        result.add(lines[row], int(delivery[row]) + 1, REPEATED)
    return result, delivery


def _corrections(
    shop: Shop, rng: np.random.Generator, export: Export
) -> tuple[dict[int, str], BoolArray, list[str]]:
    """First versions by row, which rows are corrected, and when: in the month after the order."""
    possible = (export.period < len(export.deliveries) - 1) & (shop.orders.status != CREDIT_NOTE)
    count = max(3, round(len(export) * shop.parameters.corrected_share))
    rows = np.sort(rng.choice(np.flatnonzero(possible), count, replace=False))
    is_corrected = np.zeros(len(export), dtype=np.bool_)
    is_corrected[rows] = True
    starts = np.array([day_number(day) for day in export.deliveries])
    from_day, to_day = starts[export.period[rows]], starts[export.period[rows] + 1]
    fixed_day = rng.integers(from_day, to_day)
    fixed_at = iso(at_some_hour(rng, fixed_day, shop.parameters.end_day), " ")

    was_pending = rng.random(count) < 0.7
    first = {}
    for row, pending in zip(rows.tolist(), was_pending.tolist(), strict=True):
        if pending and export.columns["State"][row] not in ("pending", "Awaiting payment"):
            changes = {"State": "Awaiting payment"}
        else:
            changes = {"Net Amount": f"{shop.orders.amount[row] / 100 + 5:.2f}"}
        first[row] = export.line(row, changes)
    return first, is_corrected, fixed_at


def _garbled(
    result: Delivered, row: int, kind: str, changes: dict[str, str], delivery: int
) -> None:
    """Deliver a copy of `row` under a key that no clean row has."""
    export = result.export
    result.garbled += 1
    prefix = {"orders": "W", "sessions": "s", "events": "e", "customers": "C"}[export.name]
    key = f"{prefix}9{result.garbled:06d}"
    result.add(export.line(row, {export.key: key, **changes}), delivery, kind, key)


def _a_year_on(delivery: date) -> date:
    return delivery + timedelta(days=365)
