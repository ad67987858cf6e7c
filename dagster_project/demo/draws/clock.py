"""Europe/London by its rule: no time zone database needed, whole arrays at once.

Times are whole seconds since 1970-01-01, either UTC or the naive local wall clock. Summer time runs
from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of October.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from dagster_project.demo.parameters import DAY, BoolArray, IntArray, day_number, day_of

HOUR = 3600
# how much happens in each local hour, from midnight
HOUR_WEIGHTS = np.array(
    [3, 2, 1, 1, 1, 2, 5, 9, 12, 14, 15, 15, 17, 16, 14, 14, 15, 17, 20, 22, 22, 18, 12, 6],
    dtype=np.float64,
)


def last_sunday(year: int, month: int) -> int:
    """The last Sunday of a 31-day month, in days since 1970-01-01."""
    last = date(year, month, 31)
    return day_number(last) - (last.weekday() + 1) % 7


def _is_summer(seconds: IntArray, starts_at: int, ends_at: int) -> BoolArray:
    summer = np.zeros(seconds.shape, dtype=np.bool_)
    if seconds.size:
        first, last = day_of(seconds.min() // DAY).year, day_of(seconds.max() // DAY).year
        for year in range(first, last + 1):
            starts = last_sunday(year, 3) * DAY + starts_at
            ends = last_sunday(year, 10) * DAY + ends_at
            summer |= (seconds >= starts) & (seconds < ends)
    return summer


def to_utc(local: IntArray) -> IntArray:
    """UTC of local times that are neither skipped nor doubled (see `avoid_clock_change`)."""
    return local - HOUR * _is_summer(local, 2 * HOUR, HOUR)


def to_local(utc: IntArray) -> IntArray:
    """Local wall clock of UTC times."""
    return utc + HOUR * _is_summer(utc, HOUR, HOUR)


def avoid_clock_change(local: IntArray) -> IntArray:
    """Move local times between 01:00 and 02:00 on the two change days to two hours later.

    That hour does not exist in March and happens twice in October.
    """
    moved = local.copy()
    if local.size:
        first, last = day_of(local.min() // DAY).year, day_of(local.max() // DAY).year
        for year in range(first, last + 1):
            for month in (3, 10):
                change = last_sunday(year, month) * DAY + HOUR
                moved[(local >= change) & (local < change + HOUR)] += 2 * HOUR
    return moved


def at_some_hour(rng: np.random.Generator, days: IntArray, end_day: int) -> IntArray:
    """A local moment on each of `days`; on the last day of the data none after 22:00.

    So whatever follows within two hours still lies inside the data.
    """
    hours = rng.choice(24, size=days.size, p=HOUR_WEIGHTS / HOUR_WEIGHTS.sum())
    hours = np.where((days == end_day - 1) & (hours >= 22), hours - 6, hours)
    return avoid_clock_change(days * DAY + hours * HOUR + rng.integers(0, HOUR, days.size))


def iso(seconds: IntArray, separator: str = "T") -> list[str]:
    """`YYYY-MM-DDTHH:MM:SS` of each time, without a zone."""
    texts: list[str] = np.datetime_as_string(seconds.astype("datetime64[s]")).tolist()
    return texts if separator == "T" else [text.replace("T", separator) for text in texts]


def month_of(local: IntArray, starts_on: date) -> IntArray:
    """Calendar months from `starts_on` to each local time."""
    months = local.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months - ((starts_on.year - 1970) * 12 + starts_on.month - 1), dtype=np.int64)
