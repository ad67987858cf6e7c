"""Local times that do not exist: the hours that clocks skip when they go forward."""

import datetime as dt
from functools import cache
from zoneinfo import ZoneInfo

import duckdb

GAPS_TABLE = "clock_gaps"
_QUARTER = dt.timedelta(minutes=15)
_FIRST, _LAST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.datetime(2050, 1, 1, tzinfo=dt.UTC)


@cache
def clock_gaps(zone: str) -> tuple[dt.datetime, ...]:
    """The quarters of an hour (UTC) that a skipped local time of the zone is taken for.

    A time in the gap is read with the offset before it, so it lands right after the change.
    """
    local, gaps, day = ZoneInfo(zone), [], _FIRST
    while day < _LAST:
        following = day + dt.timedelta(days=1)
        skipped = _offset(following, local) - _offset(day, local)
        if skipped > dt.timedelta(0):
            change = day
            while _offset(change, local) == _offset(day, local):
                change += _QUARTER
            count = int(skipped / _QUARTER) + (skipped % _QUARTER > dt.timedelta(0))
            gaps += [change + number * _QUARTER for number in range(count)]
        day = following
    return tuple(gaps)


def provide_gaps(con: duckdb.DuckDBPyConnection, zone: str) -> None:
    """Put the gaps of a zone into a temporary table, for the mapping to look them up."""
    con.execute(f"create or replace temp table {GAPS_TABLE} (gap timestamp)")
    gaps = [gap.replace(tzinfo=None) for gap in clock_gaps(zone)] if zone != "UTC" else []
    con.execute(f"insert into {GAPS_TABLE} select unnest(?::timestamp[])", [gaps])


def _offset(moment: dt.datetime, zone: ZoneInfo) -> dt.timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset
