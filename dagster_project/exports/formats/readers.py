"""Files into a temporary relation, in the file's own columns, whatever the format.

Text formats land as text: types come from the contract, not from sniffing, so that nothing is
rounded or reinterpreted before it can be judged. DuckDB's own readers do the reading; what they are
known to skip silently is reconciled with an independent look at the bytes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from ..config.load import Export
from ..contract import names_id
from ..errors import ExportError
from ..sql import file_literal, identifier, literal
from .csv_files import find_dialect, stage_csv
from .expressions import (
    HIDDEN,
    ROW,
    ROW_NAME,
    as_numbers,
    evaluate,
    first_lines,
    kinds_of,
    over_files,
    select,
)
from .json_files import json_source, stage_json
from .names import clean_name, unique_names
from .scan import Scan, compression, file_format, scan
from .transcoding import readable


@dataclass(frozen=True)
class Incoming:
    """What was read of a file, in the temporary `relation`: its columns and types, its rows.

    `row` is the SQL for a row's number (0-based) among the readable rows of the file, `expressions`
    the types of the hidden columns that hold what `sql:` computes, or a field within an object.
    The table `unreadable` holds the lines (line, column, reason, text) that could not be split into
    columns. `filtered` rows are not in it because `where` left them out. `may_hide` says that
    values may hold characters that nobody sees, `is_json` that numbers are JSON's, with points.
    """

    columns: dict[str, str]
    rows: int
    first_line: int
    relation: str = "incoming"
    unreadable: int = 0
    row: str = "rowid"
    expressions: dict[str, str] = field(default_factory=dict)
    has_nul: bool = False
    may_hide: bool = True
    filtered: int = 0
    is_json: bool = False


def read_file(
    con: duckdb.DuckDBPyConnection, path: Path, export: Export, limit: int | None = None
) -> Incoming:
    """Read one file, or its first `limit` rows into `incoming` as a sample.

    Raises ExportError where the file cannot be read whole: nothing of it is loaded then.
    """
    forget(con)
    con.execute(
        "create or replace temp table unreadable"
        ' (line bigint, "column" varchar, reason varchar, text varchar)'
    )
    with readable(path, export) as source:
        kind = file_format(source)
        try:
            return _read(con, source, export, kind, limit)
        except duckdb.Error as error:
            raise ExportError(
                f"{source}: cannot be read as {kind}: {first_lines(error)}; deliver it again"
            ) from error


def forget(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what was read of a file."""
    for table in ("incoming", "staged", "selected"):
        con.execute(f"drop table if exists {table}")
    con.execute("drop view if exists viewed; drop table if exists unreadable")


def file_columns(con: duckdb.DuckDBPyConnection, path: Path, export: Export) -> frozenset[str]:
    """The names of a file's columns, in lower case; `incoming` stays as it is."""
    with readable(path, export) as source:
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
            return [clean_name(key) for (key,) in keys]
    if export.select is None:
        return [ours for _, ours, _ in _parquet_names(con, path)]
    files = {"file": _reader(path, kind)}
    for name, other in export.joined.items():
        files[name] = _reader(Path(other), file_format(Path(other)))
    return kinds_of(con, f"({over_files(con, path, export.select, files)})")


def _read(
    con: duckdb.DuckDBPyConnection, path: Path, export: Export, kind: str, limit: int | None
) -> Incoming:
    first_line, relation, found = 1, "staged", Scan(0, 0, False, True)
    joined = {
        name: _joined(con, Path(other), name, export) for name, other in export.joined.items()
    }
    if kind == "parquet":
        relation = _reader(path, kind, "binary_as_string = true")
    elif kind == "json" and export.select:
        scan(path)
        relation = _reader(path, kind)
    elif kind == "json":
        found = stage_json(con, path, export, limit)
    else:
        first_line = 2 + export.skip_rows - bool(export.header)
        found = stage_csv(con, path, export, limit)
    unreadable = _count(con, "unreadable")
    if export.select:
        mapped = {name.lower() for name in export.named.values()}
        source = f"({as_numbers(con, relation, mapped)})" if kind == "csv" else relation
        select(con, path, over_files(con, path, export.select, {"file": source} | joined))
        relation = "selected"
    elif kind == "parquet":
        relation = _view(con, path)
    types = kinds_of(con, relation)
    if relation != "staged":
        found = Scan(0, 0, found.has_nul, _may_hide(con, relation, types, export))
    row = ROW if types.pop(ROW_NAME, None) else _row_number(types)
    computed = export.computed | _fields(export, types, is_text=relation == "staged")
    if not computed and not export.where and row != _UNNUMBERED and limit is None:
        rows = _count(con, relation)
        return Incoming(
            *(types, rows, first_line, relation, unreadable, row, {}, found.has_nul),
            *(found.may_hide, 0, kind == "json"),
        )
    is_text = relation == "staged"
    kinds = evaluate(con, path, relation, row, types, computed, export.where, is_text, limit)
    rows = _count(con, "incoming")
    filtered = _count(con, relation) - rows if export.where and limit is None else 0
    con.execute("drop table if exists staged; drop table if exists selected")
    return Incoming(
        *(types, rows, first_line, "incoming", unreadable, ROW, kinds),
        *(found.has_nul, found.may_hide, filtered, kind == "json"),
    )


def _joined(con: duckdb.DuckDBPyConnection, path: Path, name: str, export: Export) -> str:
    """The relation of a file that `select` joins, typed as the file itself is.

    Raises ExportError where a line of it cannot be read: what it would be joined to is not known.
    """
    mapped = {name.lower() for name in export.named.values()}
    with readable(path, export) as source:
        kind = file_format(source)
        if kind != "csv":
            return _reader(source, kind)
        table = identifier(f"joined {name}")
        stage_csv(con, source, Export(files=["-"], columns={"-": "-"}))
        con.execute(f"create or replace temp table {table} as {as_numbers(con, 'staged', mapped)}")
    unread = con.execute("select line, reason from unreadable order by line limit 1").fetchone()
    if unread:
        raise ExportError(f"{path}: line {unread[0]}: {unread[1]}; correct it: other files need it")
    return table


def _view(con: duckdb.DuckDBPyConnection, path: Path) -> str:
    """A view of a Parquet file, its columns each with a name of its own, its rows numbered.

    Text without the mark of text is text. INT96 is how older writers put down a moment in UTC.
    """
    names = _parquet_names(con, path)
    is_numbered = "file_row_number" not in {name.lower() for name, _, _ in names}
    options = ["binary_as_string = true"] + ["file_row_number = true"] * is_numbered
    values = {
        ours: f"timezone('UTC', {identifier(name)})" if is_int96 else identifier(name)
        for name, ours, is_int96 in names
    }
    columns = ", ".join(f"{value} as {identifier(ours)}" for ours, value in values.items())
    row = "file_row_number" if is_numbered else "row_number() over () - 1"
    con.execute(
        f"create or replace temp view viewed as select {columns}, {row} as {ROW}"
        f" from {_reader(path, 'parquet', *options)}"
    )
    return "viewed"


def _parquet_names(con: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str, str, bool]]:
    """Of each column: what DuckDB calls it, what the mapping does, and whether it is INT96."""
    found = con.execute(
        f"select name, coalesce(num_children, 0), type from parquet_schema({file_literal(path)})"
    ).fetchall()
    roots, skip = [], 0
    for name, children, kind in found[1:]:
        if skip == 0:
            roots.append((name, kind))
        skip = max(skip - 1, 0) + children
    theirs = kinds_of(con, _reader(path, "parquet"))
    ours = unique_names(clean_name(name) or f"column{i}" for i, (name, _) in enumerate(roots, 1))
    return [
        (name, own, kind == "INT96")
        for name, own, (_, kind) in zip(theirs, ours, roots, strict=True)
    ]


def _fields(export: Export, types: dict[str, str], is_text: bool) -> dict[str, str]:
    """Our columns that a path such as `customer.id` names: the SQL of the field within."""
    columns = {name.lower(): name for name in types}
    found = {}
    for ours, path in export.named.items():
        root, *inner = path.split(".")
        if path.lower() in columns or not inner or root.lower() not in columns:
            continue
        column = identifier(columns[root.lower()])
        if is_text or types[columns[root.lower()]] == "JSON":
            keys = "".join('."' + key.replace('"', '\\"') + '"' for key in inner)
            found[ours] = f"json_extract_string(try_cast({column} as json), {literal(f'${keys}')})"
        else:
            found[ours] = ".".join([column, *map(identifier, inner)])
    return found


def _may_hide(
    con: duckdb.DuckDBPyConnection, relation: str, types: dict[str, str], export: Export
) -> bool:
    """Whether text that ids are taken from may hold signs that nobody sees or wants.

    It is looked at once: cleaning every value costs several times what reading it does.
    """
    given = export.named | export.computed
    used = " ".join(theirs for ours, theirs in given.items() if names_id(ours)).lower()
    kinds = {name: kind for name, kind in types.items() if name.lower() in used}
    if any(
        kind.startswith(("STRUCT", "MAP", "JSON")) or kind[-1] == "]" for kind in kinds.values()
    ):
        return True
    tests = [
        f"strlen({c}) <> length({c}) or starts_with({c}, '=') or starts_with({c}, chr(39))"
        f" or contains({c}, chr(9)) or contains({c}, chr(10)) or contains({c}, chr(13))"
        for c in (identifier(name) for name, kind in kinds.items() if kind == "VARCHAR")
    ]
    query = f"select 1 from {relation} where {' or '.join(tests)} limit 1"
    return bool(tests) and con.execute(query).fetchone() is not None


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


_UNNUMBERED = "(row_number() over () - 1)"


def _row_number(types: dict[str, str]) -> str:
    """The SQL for a row's number in a table, beside whatever columns it has."""
    return _UNNUMBERED if "rowid" in {column.lower() for column in types} else "rowid"


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return con.execute(f"select count(*) from {table}").fetchall()[0][0]
