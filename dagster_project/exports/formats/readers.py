"""Files into the temporary table `incoming`, in the file's own columns, whatever the format.

Text formats land as text: types come from the contract, not from sniffing, so that nothing is
rounded or reinterpreted before it can be judged. DuckDB's own readers do the reading; what they are
known to skip silently is reconciled with an independent look at the bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ..config.load import Export, Expression
from ..errors import ExportError
from ..sql import file_literal, literal
from .csv_files import find_dialect, stage_csv
from .expressions import HIDDEN, ROW, as_numbers, evaluate, first_lines, kinds_of, select
from .json_files import json_source, stage_json
from .scan import compression, file_format, scan
from .transcoding import in_utf8


@dataclass(frozen=True)
class Incoming:
    """What is in the temporary table `incoming`: the file's columns and their types, its rows.

    `row` is the SQL for a row's number (0-based) among the readable rows of the file, `expressions`
    the types of the hidden columns that hold what `sql:` computes. The table `unreadable` holds
    the lines (line, column, reason, text) that could not be split into columns. `filtered` rows
    are not in it because `where` left them out.
    """

    columns: dict[str, str]
    rows: int
    first_line: int
    unreadable: int = 0
    row: str = "rowid"
    expressions: dict[str, str] = field(default_factory=dict)
    has_nul: bool = False
    filtered: int = 0


def read_file(
    con: duckdb.DuckDBPyConnection, path: Path, export: Export, limit: int | None = None
) -> Incoming:
    """Read one file into the temporary table `incoming`, or its first `limit` rows as a sample.

    Raises ExportError where the file cannot be read whole: nothing of it is loaded then.
    """
    for table in ("incoming", "staged", "selected"):
        con.execute(f"drop table if exists {table}")
    con.execute(
        "create or replace temp table unreadable"
        ' (line bigint, "column" varchar, reason varchar, text varchar)'
    )
    with in_utf8(path, export.encoding) as source:
        kind = file_format(source)
        try:
            return _read(con, source, export, kind, limit)
        except duckdb.Error as error:
            raise ExportError(
                f"{source}: cannot be read as {kind}: {first_lines(error)}; deliver it again"
            ) from error
        finally:
            con.execute("drop table if exists staged; drop table if exists selected")


def file_columns(con: duckdb.DuckDBPyConnection, path: Path, export: Export) -> frozenset[str]:
    """The names of a file's columns, in lower case; `incoming` stays as it is."""
    with in_utf8(path, export.encoding) as source:
        kind = file_format(source)
        try:
            return frozenset(name.lower() for name in _names(con, source, export, kind))
        except duckdb.Error as error:
            raise ExportError(
                f"{source}: cannot be read as {kind}: {first_lines(error)}"
            ) from error


def _names(con: duckdb.DuckDBPyConnection, path: Path, export: Export, kind: str) -> Iterable[str]:
    if export.select is None and kind == "csv":
        return find_dialect(path, export).names
    if export.select is None and kind == "json":
        with json_source(path) as source:
            keys = con.execute(
                f"select distinct unnest(json_keys(json)) from {source}"
                " where json_type(json) = 'OBJECT'"
            ).fetchall()
            return [key for (key,) in keys]
    selected = (export.select or "select * from {file}").replace("{file}", _reader(path, kind))
    return kinds_of(con, f"({selected})")


def _read(
    con: duckdb.DuckDBPyConnection, path: Path, export: Export, kind: str, limit: int | None
) -> Incoming:
    has_nul, first_line, relation = False, 1, "staged"
    if kind == "parquet":
        relation = _reader(path, kind)
    elif kind == "json" and export.select:
        scan(path)
        relation = _reader(path, kind)
    elif kind == "json":
        has_nul = stage_json(con, path, export, limit)
    else:
        first_line = 2
        has_nul = stage_csv(con, path, export, limit)
    unreadable = _count(con, "unreadable")
    if export.select:
        source = relation
        if kind == "csv":
            mapped = {c.lower() for c in export.columns.values() if isinstance(c, str)}
            source = f"({as_numbers(con, kinds_of(con, relation), mapped)})"
        select(con, path, export.select.replace("{file}", source))
        relation = "selected"
    expressions = {n: c.sql for n, c in export.columns.items() if isinstance(c, Expression)}
    computed = {name: sql for name, sql in expressions.items() if sql is not None}
    types = kinds_of(con, relation)
    row = _row_number(relation, types)
    if not computed and not export.where and row == "rowid":
        con.execute(f"alter table {relation} rename to incoming")
        rows = _count(con, "incoming")
        return Incoming(types, rows, first_line, unreadable, has_nul=has_nul)
    if row == "file_row_number":
        relation = _reader(path, kind, "file_row_number = true")
    is_text = relation == "staged"
    kinds = evaluate(con, path, relation, row, types, computed, export.where, is_text, limit)
    rows = _count(con, "incoming")
    filtered = _count(con, relation) - rows if export.where and limit is None else 0
    return Incoming(types, rows, first_line, unreadable, ROW, kinds, has_nul, filtered)


def _reader(path: Path, kind: str, *options: str) -> str:
    """DuckDB's reader of this file and nothing else; folder names are not columns.

    Moments in JSON stay text, since DuckDB drops their offsets: no value matches these formats.
    """
    given = ["hive_partitioning = false", *options]
    if kind == "json":
        none = literal(f"{HIDDEN}%Y")
        given += [f"dateformat = {none}", f"timestampformat = {none}"]
        given += [f"compression = {literal(compression(path))}"]
    return f"read_{kind}({', '.join([file_literal(path), *given])})"


def _row_number(relation: str, types: dict[str, str]) -> str:
    """The SQL for a row's number in its file, beside whatever columns the file has."""
    name = "rowid" if relation in ("staged", "selected") else "file_row_number"
    taken = name in {column.lower() for column in types}
    return "(row_number() over () - 1)" if taken else name


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return con.execute(f"select count(*) from {table}").fetchall()[0][0]
