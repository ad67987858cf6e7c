"""What is known of a night: a delivery of one day, or a day within one of many days."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

#: Nights that have to have been delivered before one is compared with them.
MIN_NIGHTS = 14
#: The newest of them, of which warnings are given in a warehouse that has none published.
NEW_DAYS = 7
#: Published nights that are so much older than the newest are no longer kept.
FORGOTTEN_AFTER_DAYS = 400
#: The newest nights that are judged, of those that are not published as they are.
JUDGED_DAYS = 28
#: Of the rows of a day, that may be gone from one delivery to the next.
LOST_OF_DAY = 0.1
#: A file of rows of more days than this is many nights.
DAYS_OF_A_NIGHT = 3.0


@dataclass(frozen=True)
class Night:
    """One night of a series of files: names that differ in digits only.

    `date` is the day that it tells of. Where a file holds many days (`is_day`), each is a night.
    """

    export: str
    series: str
    date: dt.date
    file: str
    delivered_at: dt.date
    is_day: bool
    facts: dict[str, Any]

    @property
    def is_undated(self) -> bool:
        """Whether its file is written over by the next delivery."""
        return "#" not in self.series

    @property
    def rows(self) -> int:
        """How many rows it brought."""
        return int(self.facts["rows"])


@dataclass(frozen=True)
class FileDay:
    """How many rows a file has of a day, and how many of them are used or held back."""

    file: str
    series: str
    delivered_at: dt.date
    day: dt.date | None
    rows: int
    kept: int
    #: Of those that count: how many name a customer, a source and so on, and what they come to.
    sums: dict[str, float] = field(default_factory=dict)


def kept_by_day(days: Iterable[FileDay]) -> dict[dt.date | None, int]:
    """How many rows of each day are used or held back, of whatever file."""
    kept: dict[dt.date | None, int] = {}
    for part in days:
        kept[part.day] = kept.get(part.day, 0) + part.kept
    return kept


@dataclass(frozen=True)
class Place:
    """The night that a file's rows of a day belong to."""

    file: str
    day: dt.date | None
    series: str
    date: dt.date
    delivered_at: dt.date
    is_day: bool


def places(files: Iterable[FileDay]) -> list[Place]:
    """Sort files into nights, and the days of files that hold many days."""
    by_file: dict[str, list[FileDay]] = {}
    for part in files:
        by_file.setdefault(part.file, []).append(part)
    single = {file: parts for file, parts in by_file.items() if _spread(parts) <= DAYS_OF_A_NIGHT}
    # a night whose days are scattered is one all the same if it has no more rows than the others
    for file, parts in by_file.items():
        others = [_total(p) for f, p in single.items() if p[0].series == parts[0].series]
        if file not in single and len(others) >= MIN_NIGHTS and _total(parts) < 3 * median(others):
            single[file] = parts
    lags: dict[str, list[int]] = {}
    shared: dict[tuple[str, dt.date], set[dt.date | None]] = {}
    for parts in single.values():
        day = _main_day(parts)
        shared.setdefault((parts[0].series, parts[0].delivered_at), set()).add(day)
        if day:
            lags.setdefault(parts[0].series, []).append((parts[0].delivered_at - day).days)
    found = []
    for file, parts in by_file.items():
        first = parts[0]
        if file not in single:
            found += [
                Place(file, p.day, p.series, p.day, p.delivered_at, True) for p in parts if p.day
            ]
            continue
        lag = median(lags.get(first.series, [0]))
        date = first.delivered_at - dt.timedelta(days=int(lag) if 0 <= lag <= 7 else 1)
        # files that all came at once are of the days that they tell of
        if len(shared[first.series, first.delivered_at]) >= 3:
            date = _main_day(parts) or date
        found += [Place(file, p.day, p.series, date, p.delivered_at, False) for p in parts]
    return found


def _total(parts: list[FileDay]) -> int:
    return sum(part.rows for part in parts)


def _spread(parts: list[FileDay]) -> float:
    """Over how many days a file's rows are spread, were they spread evenly."""
    total = _total(parts)
    return 1 / sum((part.rows / total) ** 2 for part in parts) if total else 0.0


def _main_day(parts: list[FileDay]) -> dt.date | None:
    return max(parts, key=lambda part: part.rows).day
