"""Days that an export should cover and does not: a file never came, or a day is declared missing.

What happened on such a day is unknown, and unknown is not zero: marts mark what needs it as
incomplete.
"""

import datetime as dt
from collections import Counter, defaultdict

import duckdb

from ..config.load import ExportsConfig
from ..contract import Contract, load_contract
from ..sql import identifier
from .deliveries import delivery_date

#: Daily files are recognised by being this many, and by their share of the days they span.
MIN_FILES = 7
MIN_SHARE = 0.5


def note_missing_days(
    con: duckdb.DuckDBPyConnection, config: ExportsConfig, contract: Contract | None = None
) -> dict[str, list[dt.date]]:
    """Rewrite `ledger.missing_days` from the loaded files; return the days by export.

    `missing_days` of an export in `exports.yml` is taken as it is. Without it, a day is
    missing where files with one date each come daily, and the file of that day did not.
    """
    contract = contract or load_contract()
    missing = {}
    for name, export in config.exports.items():
        time = contract.tables[name].time
        days = export.missing_days
        if days is None:
            days = _gaps(_told_days(con, name, time)) if time else []
        if days:
            missing[name] = sorted(days)
    con.execute("begin; delete from ledger.missing_days")
    for name, days in missing.items():
        con.executemany("insert into ledger.missing_days values (?, ?)", [(name, d) for d in days])
    con.execute("commit")
    return missing


def _told_days(
    con: duckdb.DuckDBPyConnection, name: str, time: str
) -> dict[dt.date, dt.date | None]:
    """For every date in a file name, the day that most rows of its files are about."""
    files = con.execute("select file from ledger.files where export = ?", [name]).fetchall()
    names = [file for (file,) in files]
    dated = {file: date for file in names if (date := delivery_date(file, names))}
    if len(set(dated.values())) < max(MIN_FILES, len(files)):
        return {}
    days = con.execute(
        f"select _file, mode(cast({identifier(time)} as date)) from raw.{identifier(name)}"
        " group by _file"
    ).fetchall()
    busiest = dict(days)
    return {date: busiest.get(file) for file, date in dated.items()}


def _gaps(told: dict[dt.date, dt.date | None]) -> list[dt.date]:
    """The days between the first and the last file for which none came.

    A weekday on which most weeks bring no file is not a working day of the shop.
    """
    lags = Counter((date - day).days for date, day in told.items() if day)
    if not lags:
        return []
    first, last = min(told), max(told)
    span = [first + dt.timedelta(days=i) for i in range((last - first).days + 1)]
    weekdays = defaultdict(list)
    for date in span:
        weekdays[date.weekday()].append(date in told)
    if len(told) < MIN_SHARE * len(span):
        return []
    named = [
        date
        for date in span
        if date not in told and sum(weekdays[date.weekday()]) * 2 >= len(weekdays[date.weekday()])
    ]
    ((lag, _),) = lags.most_common(1)
    days = {date - dt.timedelta(days=lag) for date in named}
    return sorted(days - set(told.values()))
