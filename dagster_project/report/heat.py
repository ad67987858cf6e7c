"""The cohort heat map: what the page's script redraws it from, and its first state as a table."""

import datetime as dt
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .queries import VALUES

Row = Mapping[str, Any]
Pooled = dict[str, dict[str, list[list[int] | None]]]

#: Below so many customers a rate says little: such rows are grey.
SMALL = 30
#: How many shades there are.
SHADES = 10
#: How many studies and segments times studies are shown at most.
STUDIES, TABLES = 6, 90


def payload(rows: Iterable[Row], preferred: Sequence[str]) -> dict[str, dict[str, list[list[Any]]]]:
    """Studies, their segments as `name=value`, and of each the cohorts, oldest first.

    A cohort is its start, size, whether it may be older than the data, and its cells by offset from
    1 on: of a complete one the customers back, the bounds of that rate in tenths of a percent, and
    the same of those back then or later; of an incomplete one the customers so far.
    """
    found: dict[str, dict[str, list[list[Any]]]] = {}
    for row in rows:
        segment = f"{row['segment_name']}={row['segment_value']}"
        cohorts = found.setdefault(row["study"], {}).setdefault(segment, [])
        start = row["cohort_start"].isoformat()
        if not cohorts or cohorts[-1][0] != start:
            cohorts.append([start, row["cohort_size"], int(row["is_left_truncated"]), []])
        cohorts[-1][3].append(_cell(row))
    return {
        study: _largest(found[study])
        for study in sorted(found, key=lambda name: (_place(preferred, name), name))[:STUDIES]
    }


def pooled(rows: Iterable[Row], shown: Mapping[str, Mapping[str, Any]], period: str) -> Pooled:
    """All cohorts together, of the studies and segments that are shown: their cells by offset.

    A cell is the customers of the cohorts that are old enough, and what `payload` has of a complete
    one; None where no cohort is.
    """
    found: Pooled = {study: {name: [] for name in segments} for study, segments in shown.items()}
    for row in rows:
        segment = f"{row['segment_name']}={row['segment_value']}"
        if row["period"] == period and segment in found.get(row["study"], {}):
            cells = found[row["study"]][segment]
            cells += [None] * (row["period_number"] - 1 - len(cells))
            cells.append([row["eligible_customers"], *_complete(row)])
    return found


def _place(preferred: Sequence[str], name: str) -> int:
    return preferred.index(name) if name in preferred else len(preferred)


def _cell(row: Row) -> list[int]:
    if not row["is_complete"]:
        return [row["retained_customers"]]
    return _complete(row)


def _complete(row: Row) -> list[int]:
    bounds = ("rate_low", "rate_high", "on_or_after_low", "on_or_after_high")
    low, high, after_low, after_high = (round(1000 * row[name]) for name in bounds)
    return [
        *(row["retained_customers"], low, high),
        *(row["retained_on_or_after"], after_low, after_high),
    ]


def _largest(segments: dict[str, list[list[Any]]]) -> dict[str, list[list[Any]]]:
    """All customers first, then of each segment its largest values."""
    by_name: dict[str, list[str]] = {}
    for segment in segments:
        by_name.setdefault(segment.split("=", 1)[0], []).append(segment)
    kept = []
    for name in sorted(by_name, key=lambda n: (n != "all", n)):
        sizes = {s: sum(cohort[1] for cohort in segments[s]) for s in by_name[name]}
        kept += sorted(sizes, key=lambda s: (-sizes[s], s))[:VALUES]
    return {segment: segments[segment] for segment in kept[: TABLES // STUDIES]}


def percent(part: int, whole: int) -> int:
    """A whole percentage, rounded half up, as the page's script has it."""
    return math.floor(100 * part / whole + 0.5)


def top_rate(cohorts: Sequence[Sequence[Any]], at: int = 0) -> float:
    """The rate that the darkest shade stands for: the largest of a cohort that is not small."""
    rates = [
        cell[at] / size
        for _, size, _, cells in cohorts
        for cell in cells
        if len(cell) > 1 and size >= SMALL
    ]
    return max(rates, default=0) or 1.0


def shade(rate: float, top: float) -> int:
    """The shade of a rate, 0 for nobody."""
    return min(SHADES - 1, math.ceil((SHADES - 1) * rate / top - 1e-9)) if rate else 0


def table(cohorts: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """The first state of the map: cohorts with the text and the class of each cell."""
    top, width = top_rate(cohorts), max((len(cells) for *_, cells in cohorts), default=0)
    drawn = []
    for start, size, truncated, cells in cohorts:
        line = []
        for cell in cells:
            if len(cell) == 1:
                line.append({"text": "", "css": "open", "cell": cell})
            else:
                small = "small" if size < SMALL else f"s{shade(cell[0] / size, top)}"
                line.append({"text": percent(cell[0], size), "css": small, "cell": cell})
        drawn.append(
            {
                "start": dt.date.fromisoformat(start),
                "size": size,
                "truncated": truncated,
                "cells": line,
                "rest": width - len(cells),
            }
        )
    return drawn


def line(pooled: Sequence[Sequence[int] | None], top: float, width: int) -> list[dict[str, Any]]:
    """The line of all cohorts together, of so many cells, as `table` has them."""
    drawn: list[dict[str, Any]] = []
    for cell in [*pooled[:width], *[None] * (width - len(pooled))]:
        if cell is None:
            drawn.append({"text": "", "css": "later"})
        else:
            size, back = cell[:2]
            css = "small" if size < SMALL else f"s{shade(back / size, top)}"
            drawn.append({"text": percent(back, size), "css": css})
    return drawn
