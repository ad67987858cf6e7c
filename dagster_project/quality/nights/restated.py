"""Published days that come to something else than they came to, of whatever age they are.

A full export tells of every day each night; nights that are judged are the newest four weeks.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import duckdb

from ...exports.contract import Table
from .facts import NEW_CUSTOMERS
from .judge import MIN_BAD_ROWS, Finding
from .night import LOST_OF_DAY, FileDay, kept_by_day

#: Of a month, that its days may come to more or less; and from where on figures are wrong.
_ODD, _WRONG = 0.1, 0.5
#: The same of all that is published.
_WRONG_OF_ALL = 0.1
#: The newest days, of which orders are still paid, cancelled and given back.
_SETTLING_DAYS = 7
#: How sums are called; all others are of rows that have a column. They are told of first.
_CALLED = {
    "amount": "amount",
    "cost": "cost",
    "rows": "rows that count",
    NEW_CUSTOMERS: NEW_CUSTOMERS,
}

Sums = dict[str, float]


def restated(
    con: duckdb.DuckDBPyConnection, table: Table, days: Sequence[FileDay], settings: str
) -> Iterable[Finding]:
    """The month that moved most, of days that have the rows they had and are read as they were.

    Args:
        con: The build file.
        table: The export.
        days: Its files by day, as they are staged.
        settings: The hash of the settings: under others, days are meant to come to other sums.
    """
    published = con.execute(
        """
        select published.day, published.kept, published.sums
        from ledger.published_days as published
        inner join ledger.files as files
            on
                published.export = files.export and published.file = files.file
                and published.mapping = files.mapping
        where
            published.export = ? and published.settings = ? and published.day is not null
        """,
        [table.name, settings],
    ).fetchall()
    if not published:
        return
    kept = kept_by_day(days)
    was_kept: dict[dt.date, int] = {}
    before: dict[dt.date, Sums] = {}
    now: dict[dt.date, Sums] = {}
    for day, rows, sums in published:
        was_kept[day] = was_kept.get(day, 0) + rows
        _add(before.setdefault(day, {}), sums)
    for part in days:
        if part.day in before:
            _add(now.setdefault(part.day, {}), part.sums)
    newest = max(was_kept)  # it may not have been over
    same = [
        day
        for day, rows in was_kept.items()
        if day < newest and abs(kept.get(day, 0) - rows) <= LOST_OF_DAY * rows
    ]
    settled = [day for day in same if day < newest - dt.timedelta(days=_SETTLING_DAYS)]
    is_same_history = len(same) == len({day for day in kept if day is not None and day < newest})
    found = []
    for name in sorted({name for day in same for name in before[day]}):
        # with rows of before their days, customers are new on other days
        compared = settled if name != NEW_CUSTOMERS else same if is_same_history else []
        months: dict[dt.date, list[dt.date]] = {}
        for day in compared:
            months.setdefault(day.replace(day=1), []).append(day)
        is_much = _moved(name, before, now, compared)[0] >= _WRONG_OF_ALL
        for month, of_month in months.items():
            moved, was, comes_to = _moved(name, before, now, of_month)
            if moved >= _ODD and moved * sum(kept[day] for day in of_month) >= MIN_BAD_ROWS:
                is_wrong, is_first = is_much or moved >= _WRONG, name in _CALLED
                found.append((is_wrong, is_first, moved, name, month, was, comes_to))
    if found:
        is_wrong, _, moved, name, month, was, comes_to = max(found)
        yield Finding(
            "restated",
            "critical" if is_wrong else "warning",
            f"the published days of {month:%Y-%m} come to {comes_to:,.2f}"
            f" ({_CALLED.get(name, f'rows with {name}')})",
            f"{was:,.2f}, as they were published",
            "deliver the file again as it was; if the shop has corrected its past, let it through",
            moved,
            None,
        )


def _add(sums: Sums, more: Mapping[str, float]) -> None:
    for name, value in more.items():
        sums[name] = sums.get(name, 0.0) + value


def _moved(
    name: str,
    before: Mapping[dt.date, Sums],
    now: Mapping[dt.date, Sums],
    days: Iterable[dt.date],
) -> tuple[float, float, float]:
    """The share of a sum that moved, day by day; what it was, and what it comes to."""
    pairs = [(before[day].get(name, 0.0), now.get(day, {}).get(name, 0.0)) for day in days]
    whole = sum(abs(was) for was, _ in pairs)
    moved = sum(abs(comes_to - was) for was, comes_to in pairs)
    share = moved / whole if whole else 0.0
    return share, sum(was for was, _ in pairs), sum(comes_to for _, comes_to in pairs)
