"""`retention tables` and `describe`: what is published, and what it means."""

import re
import shutil
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from ..exports.errors import ExportError
from ..exports.sql import identifier
from ..warehouse.read import read_marts
from .terminal import names


def tables(marts: Path) -> list[tuple[str, int, str]]:
    """Name, rows and question of every published table."""
    with read_marts(marts) as con:
        found = con.execute(
            "select table_name, estimated_size, coalesce(comment, '') from duckdb_tables()"
            " where database_name = 'marts' order by table_name"
        ).fetchall()
    return [(name, rows, _question(text)) for name, rows, text in found]


def _question(text: str) -> str:
    """What a description says its table answers, else its first sentence."""
    asked = re.search(r"Answers: (.*?[?])(?:\s|$)", text, re.DOTALL)
    told = " ".join((asked[1] if asked else text.split(". ")[0]).split())
    return told[:1].upper() + told[1:]


def published(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the published tables."""
    found = con.execute(
        "select table_name from duckdb_tables() where database_name = 'marts' order by 1"
    ).fetchall()
    return [name for (name,) in found]


def no_such_table(table: str, known: Sequence[str]) -> str:
    """That a table is not there, and which may have been meant."""
    told = names.nearest(table.lower(), known)
    return f"no table is called {table}; {told if told.endswith('?') else 'see: retention tables'}"


def describe(marts: Path, table: str) -> list[str]:
    """A table's meaning, its columns and theirs, and a question to begin with.

    Raises ExportError where there is no such table, with the nearest names.
    """
    with read_marts(marts) as con:
        known = published(con)
        name = table.lower().removeprefix("marts.")
        if name not in known:
            raise ExportError(no_such_table(table, known))
        ((text,),) = con.execute(
            "select comment from duckdb_tables() where database_name = 'marts' and table_name = ?",
            [name],
        ).fetchall()
        columns = con.execute(
            "select column_name, lower(data_type), coalesce(comment, '') from duckdb_columns()"
            " where database_name = 'marts' and table_name = ? order by column_index",
            [name],
        ).fetchall()
    width = max(len(column) for column, _, _ in columns)
    kinds = max(len(kind) for _, kind, _ in columns)
    lines = [name, "", *_wrapped(text or "", 0), ""]
    for column, kind, meaning in columns:
        first, *rest = _wrapped(meaning, width + kinds + 6) or [""]
        lines.append(f"  {column:<{width}}  {kind:<{kinds}}  {first.strip()}".rstrip())
        lines += rest
    return [*lines, "", f'  retention query "{example(name, columns)}"']


def _wrapped(text: str, indent: int) -> list[str]:
    width = max(60, shutil.get_terminal_size().columns)
    return textwrap.wrap(
        " ".join(text.split()), width, initial_indent=" " * indent, subsequent_indent=" " * indent
    )


def example(table: str, columns: Sequence[tuple[str, str, str]]) -> str:
    """A SELECT of some columns, of all customers together where the table tells them apart."""
    called = [name for name, _, _ in columns]
    times = [name for name, kind, _ in columns if kind.startswith(("date", "timestamp"))]
    shown = dict.fromkeys([*times[:1], *called[:5]])
    quoted = ", ".join(name if name.isidentifier() else identifier(name) for name in shown)
    where = " where segment_name = 'all'" if "segment_name" in called else ""
    return f"select {quoted} from {table}{where} limit 10"


def show(rows: Sequence[Sequence[Any]], heads: Sequence[str]) -> None:
    """A small table of text on standard output."""
    lines = [heads, *rows]
    widths = [max(len(f"{line[place]}") for line in lines) for place in range(len(heads) - 1)]
    for line in lines:
        cells = [
            f"{value:>{width},}" if isinstance(value, int) else f"{value:<{width}}"
            for value, width in zip(line, widths, strict=False)
        ]
        sys.stdout.write("  ".join([*cells, str(line[-1])]).rstrip() + "\n")
