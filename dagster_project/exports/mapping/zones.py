"""Local times that clocks do not show, or show twice: the hours around their changes."""

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

import duckdb

GAPS_TABLE, REPEATS_TABLE = "clock_gaps", "clock_repeats"
_QUARTER = dt.timedelta(minutes=15)
_FIRST, _LAST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2050, 1, 1, tzinfo=dt.UTC)

Quarters = tuple[dt.datetime, ...]


@cache
def clock_changes(zone: str) -> tuple[Quarters, Quarters]:
    """The quarters of an hour (UTC) that a zone's skipped and repeated local times are taken for.

    A skipped time is read with the offset before the change, a repeated one with that after it: so
    both land right after the change.
    """
    local, day = ZoneInfo(zone), _FIRST
    gaps: list[dt.datetime] = []
    repeats: list[dt.datetime] = []
    while day < _LAST:
        following = day + dt.timedelta(days=1)
        moved = _offset(following, local) - _offset(day, local)
        if moved:
            change = day
            while _offset(change, local) == _offset(day, local):
                change += _QUARTER
            count = -(-abs(moved) // _QUARTER)
            found = gaps if moved > dt.timedelta(0) else repeats
            found += [change + number * _QUARTER for number in range(count)]
        day = following
    return tuple(gaps), tuple(repeats)


def provide_changes(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Put the changes of a zone into temporary tables, for the mapping to look them up."""
    found = clock_changes(zone) if zone != "UTC" else ((), ())
    for table, moments in zip((GAPS_TABLE, REPEATS_TABLE), found, strict=True):
        con.execute(f"create or replace temp table {table} (moment timestamp)")
        naive = [moment.replace(tzinfo=None) for moment in moments]
        con.execute(f"insert into {table} select unnest(?::timestamp[])", [naive])


def _offset(moment: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
