"""`retention query`: what the published marts answer."""

import csv
import datetime as dt
import difflib
import json
import re
import shutil
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

import duckdb

from ..exports.errors import ExportError
from ..exports.sql import identifier
from ..warehouse.read import ask, read_marts
from .answers.write import write_answer

#: Rows that a screen shows of an answer, and how wide a column of it may be.
SHOWN, WIDEST = 200, 48
#: Distinct values of a column that a misspelt one is looked for in.
_VALUES = 2000
_TIMES = ("DATE", "TIMESTAMP")
_BATCH = 10_000


def question(sql: str | None, file: Path | None, stdin: TextIO) -> str:
    """The SQL that was given: as an argument, in a file, or on standard input.

    Raises ExportError where there is none, or more than one.
    """
    if sql is not None and file is not None:
        raise ExportError("query: give the SQL or a --file, not both")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8")
        except OSError as error:
            raise ExportError(
                f"query: --file {file} cannot be read ({error.strerror}); name a file with SELECTs"
            ) from error
        except UnicodeDecodeError as error:
            raise ExportError(
                f"query: --file {file} cannot be read ({error}); save it as UTF-8"
            ) from error
    if sql is not None and sql != "-":
        return sql
    if stdin.isatty():
        raise ExportError('query: give the SQL, as in: retention query "select 1"; or --file FILE')
    return stdin.read()


def answer(
    marts: Path, sql: str, file_format: str | None, output: Path | None, screen: TextIO
) -> list[str]:
    """Print every statement's answer; notes for whoever asked come back.

    On a terminal a table of the columns that fit, else CSV with all of them, unless a format is
    given. Raises ExportError where the SQL is refused.
    """
    if (file_format in ("parquet", "xlsx")) != (output is not None):
        raise ExportError(
            "query: --output FILE belongs to --format parquet or xlsx; the others are printed"
        )
    if output is not None:
        rows = write_answer(marts, sql, output.resolve(), file_format or "")
        return [f"{rows:,} rows in {output}"]
    wanted = file_format or ("table" if screen.isatty() else "csv")
    width = shutil.get_terminal_size().columns if screen.isatty() else None
    notes = []
    for place, found in enumerate(ask(marts, sql)):
        if place and wanted != "json":
            print(file=screen)
        if wanted == "table":
            notes += _table(found, width, screen)
        else:
            (_csv if wanted == "csv" else _json)(found, screen)
    return notes + nearest(marts, sql)


def _csv(found: duckdb.DuckDBPyRelation, screen: TextIO) -> None:
    writer = csv.writer(screen, lineterminator="\n")
    writer.writerow(found.columns)
    while rows := found.fetchmany(_BATCH):
        writer.writerows([_plain(value) for value in row] for row in rows)


def _json(found: duckdb.DuckDBPyRelation, screen: TextIO) -> None:
    """One array for each answer, a row on each line."""
    between = "["
    while rows := found.fetchmany(_BATCH):
        for row in rows:
            told = dict(zip(found.columns, row, strict=True))
            print(between, json.dumps(told, default=_jsonable, ensure_ascii=False), file=screen)
            between = ","
    print("[]" if between == "[" else "]", file=screen)


def _jsonable(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return format(value, "f") if isinstance(value, Decimal) else value


def _table(found: duckdb.DuckDBPyRelation, width: int | None, screen: TextIO) -> list[str]:
    """A table of the columns that fit; the others and further rows are named."""
    rows = found.fetchmany(SHOWN + 1)
    more = len(rows) > SHOWN
    types = [str(kind) for kind in found.types]
    columns = [
        [name, *(_cell(row[place]) for row in rows[:SHOWN])]
        for place, name in enumerate(found.columns)
    ]
    widths = [min(WIDEST, max(map(len, column))) for column in columns]
    order, hidden = list(range(len(columns))), []
    if width is not None and sum(widths) + 2 * (len(widths) - 1) > width:
        # what a row is about is told by its times, which stand last in some marts
        order.sort(key=lambda place: not types[place].startswith(_TIMES))
        room, kept = width, []
        for place in order:
            if widths[place] <= room:
                kept.append(place)
                room -= widths[place] + 2
            else:
                hidden.append(found.columns[place])
        order = kept
    for line in range(len(rows[:SHOWN]) + 1):
        cells = []
        for place in order:
            text = columns[place][line]
            text = text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."
            is_left = types[place] in ("VARCHAR", "BOOLEAN") or types[place].startswith(_TIMES)
            cells.append(text.ljust(widths[place]) if is_left else text.rjust(widths[place]))
        print("  ".join(cells).rstrip(), file=screen)
        if not line:
            print("  ".join("-" * widths[place] for place in order), file=screen)
    notes = []
    if more:
        notes.append(f"the first {SHOWN} rows; --format csv gives all")
    if hidden:
        notes.append(f"no room for {', '.join(hidden)}; name columns, or --format csv gives all")
    return notes


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6g}" if abs(value) < 1e6 else f"{value:.2f}"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ")
    return str(value).replace("\n", " ")


def nearest(marts: Path, sql: str) -> list[str]:
    """Of words compared with columns that none of these holds, what they may have meant.

    `study = 'order_to_oder'` has no rows, and `count(*)` of them is 0, which looks like an answer.
    """
    notes = []
    with read_marts(marts) as con:
        tables = [
            name
            for (name,) in con.execute(
                "select table_name from duckdb_tables() where database_name = 'marts'"
            ).fetchall()
            if re.search(rf"\b{re.escape(name)}\b", sql, re.IGNORECASE)
        ]
        for column, word in re.findall(r"(\w+)\s*=\s*'((?:[^']|'')*)'", sql):
            word = word.replace("''", "'")
            values = _values(con, tables, column.lower())
            if not values or word in values:
                continue
            close = difflib.get_close_matches(word, sorted(values), n=3, cutoff=0.5)
            told = " or ".join(f"'{value}'" for value in close)
            told = f"do you mean {told}?" if told else f"there are {', '.join(sorted(values)[:8])}"
            notes.append(f"no {column} is called '{word}'; {told}")
    return notes


def _values(con: duckdb.DuckDBPyConnection, tables: Iterable[str], column: str) -> set[str]:
    """The values of a text column in the tables that have it."""
    found: set[str] = set()
    for table in tables:
        has = con.execute(
            "select 1 from duckdb_columns() where database_name = 'marts' and table_name = ?"
            " and lower(column_name) = ? and data_type = 'VARCHAR'",
            [table, column],
        ).fetchall()
        # ids of customers are no names that one misspells
        if has and column not in ("customer_id", "referrer_id", "raw_value", "run_id"):
            rows = con.execute(
                f"select distinct {identifier(column)} from {identifier(table)}"
                f" where {identifier(column)} is not null limit {_VALUES}"
            ).fetchall()
            found |= {value for (value,) in rows}
    return found
