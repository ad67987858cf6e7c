"""Where explanations come from: the build file and the published marts, both only read."""

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from ...exports.errors import ExportError
from ...exports.sql import literal
from ...warehouse.files import Warehouse
from ..terminal import names

#: SQL of a customer's mask: the same for the same id, in every table and on every day.
MASK = "left(sha256({}), 12)"


@dataclass(frozen=True)
class Figure:
    """A published figure, and what the rows come to."""

    name: str
    of_rows: Any
    published: Any

    @property
    def adds_up(self) -> bool:
        """Whether the rows come to what is published."""
        return self.of_rows == self.published


@dataclass(frozen=True)
class Explained:
    """The rows behind published figures, customers masked."""

    what: str
    columns: tuple[str, ...]
    rows: list[tuple]
    figures: list[Figure]
    notes: list[str] = field(default_factory=list)
    #: Why the build file may hold other rows than those of what is published.
    drifted: str | None = None


@contextmanager
def rows_and_figures(warehouse: Warehouse) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the build file, the published marts in it as `published`.

    Raises ExportError where either is missing or damaged, WarehouseBusy while a run holds them.
    """
    for file in (warehouse.marts_file, warehouse.build_file):
        if not file.exists():
            raise ExportError(f"{file}: is not there; `retention run` makes it")
    with warehouse.connect(read_only=True) as con:
        try:
            con.execute(f"attach {literal(warehouse.marts_file)} as published (read_only)")
        except duckdb.Error as error:
            raise ExportError(
                f"{warehouse.marts_file}: cannot be read ({str(error).splitlines()[0]}); run again,"
                " or go back with: retention rollback"
            ) from error
        try:
            yield con
        except duckdb.CatalogException as error:
            raise ExportError(
                f"{warehouse.build_file}: does not have what explains the figure"
                f" ({str(error).splitlines()[0]}); it is of another version, or of a run that did"
                " not end: run again"
            ) from error


def drift(con: duckdb.DuckDBPyConnection) -> str | None:
    """That what is published is not of the newest run, where that is so."""
    newest = con.execute(
        "select run_id from ledger.runs order by run_number desc limit 1"
    ).fetchall()
    published = con.execute(
        "select run_id from published.metric_run_log where published"
        " order by run_number desc limit 1"
    ).fetchall()
    if newest == published:
        return None
    return (
        "what is published is of another run than the newest one, which was not published or was"
        " gone back from; run again, and what is built and what is published are the same"
    )


def day(text: str, what: str) -> dt.date:
    """The day that is written: 2024-03-05, or 2024-03 for the first of the month."""
    given = re.fullmatch(r"(\d{4})-(\d{1,2})(?:-(\d{1,2}))?", text.strip())
    try:
        if given is None:
            raise ValueError
        return dt.date(int(given[1]), int(given[2]), int(given[3] or 1))
    except ValueError:
        raise ExportError(f"explain: {what} {text!r} is no date; write it as in 2024-03") from None


def month_of(text: str) -> tuple[dt.date, dt.date]:
    """The first and the last day of the month that is written."""
    first = day(text, "the month").replace(day=1)
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def one_of(con: duckdb.DuckDBPyConnection, what: str, name: str, query: str, *given: Any) -> None:
    """Raise ExportError, with the nearest, where a name is none of those that a query finds."""
    known = [value for (value,) in con.execute(query, list(given)).fetchall()]
    if name not in known:
        raise ExportError(f"explain: no {what} is called {name}; {names.nearest(name, known)}")


def within(con: duckdb.DuckDBPyConnection, what: str, table: str, column: str, where: str) -> str:
    """That there is no row of a day in a published table, and of which there are."""
    first, last = con.execute(
        f"select min({column}), max({column}) from published.{table} where {where}"
    ).fetchall()[0]
    there = f"there are {first} to {last}" if first else "it has none at all"
    return f"explain: {table} has no {what}; {there}"
