"""Files into the temporary table `incoming`, in the file's own columns, whatever the format.

Text formats land as text: types come from the contract, not from sniffing, so that nothing is
rounded or reinterpreted before it can be judged. DuckDB's own readers do the reading; what they
are known to pass over in silence is reconciled with an independent look at the bytes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from .config import Export, Expression
from .csv_files import find_dialect, stage_csv, unique_names
from .errors import ExportError
from .json_files import json_source, stage_json
from .scan import compression, file_format, scan
from .sql import file_literal, identifier, literal
from .transcoding import in_utf8

#: Marks columns that are ours among the file's: no export has a name that begins with it.
HIDDEN = "\x1f"
ROW = identifier(f"{HIDDEN}{HIDDEN}row")


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
    return _kinds(con, f"({selected})")


def first_lines(error: Exception) -> str:
    """What DuckDB says, without its advice on options that are not ours."""
    said = re.split(r"\n\s*\n|\nPossible|\nLINE ", str(error).strip())[0].replace("\n", " ")
    said = re.sub(rf', "{HIDDEN}+[^"]*"', "", said).replace(HIDDEN, "")
    # a value may be personal
    return re.sub(
        r"(?s)(Could not (?:convert|parse|cast) (?:string|value)) ['\"].*['\"]( |$)",
        r"\1 (not shown)\2",
        said,
    )


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
            source = f"({_as_numbers(con, _kinds(con, relation), mapped)})"
        _select(con, path, export.select.replace("{file}", source))
        relation = "selected"
    expressions = {n: c.sql for n, c in export.columns.items() if isinstance(c, Expression)}
    computed = {name: sql for name, sql in expressions.items() if sql is not None}
    types = _kinds(con, relation)
    row = _row_number(relation, types)
    if not computed and not export.where and row == "rowid":
        con.execute(f"alter table {relation} rename to incoming")
        rows = _count(con, "incoming")
        return Incoming(types, rows, first_line, unreadable, has_nul=has_nul)
    if row == "file_row_number":
        relation = _reader(path, kind, "file_row_number = true")
    is_text = relation == "staged"
    kinds = _evaluate(con, path, relation, row, types, computed, export.where, is_text, limit)
    rows = _count(con, "incoming")
    filtered = _count(con, relation) - rows if export.where and limit is None else 0
    return Incoming(types, rows, first_line, unreadable, ROW, kinds, has_nul, filtered)


def _reader(path: Path, kind: str, *options: str) -> str:
    """DuckDB's reader of this file and nothing else; names of folders are no columns.

    Moments in JSON stay text, since DuckDB drops their offsets: no value meets these formats.
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


def _select(con: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    try:
        names = [name for name, *_ in _describe(con, query)]
        if tuple(names) != unique_names(names):
            raise ExportError(f"{path}: select: two of its columns bear the same name: {names}")
        con.execute(f"create temp table selected as {query}")
    except duckdb.Error as error:
        raise ExportError(f"{path}: select: {first_lines(error)}") from error


def _evaluate(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    relation: str,
    row: str,
    types: dict[str, str],
    computed: dict[str, str],
    where: str | None,
    is_text: bool,
    limit: int | None,
) -> dict[str, str]:
    """`incoming`: the columns as they are, and a hidden one for each expression over them.

    In expressions, text columns that hold nothing but numbers are numbers.
    """
    own = ", ".join(f"{identifier(HIDDEN * 2 + name)} as {identifier(name)}" for name in types)
    kept = ", ".join(f"{identifier(name)} as {identifier(HIDDEN * 2 + name)}" for name in types)
    used = " ".join([*computed.values(), where or ""]).lower()
    unused = {name.lower() for name in types if name.lower() not in used}
    seen = _numbers(con, relation, types, unused) if is_text else ""
    seen = f"* replace ({seen})" if seen else "*"
    source = f"(select {row} as {ROW}, {kept}, {seen} from {relation})"
    for key, sql in {
        **{f"columns.{n}.sql": s for n, s in computed.items()},
        "where": where,
    }.items():
        try:
            if sql is not None:
                _describe(con, f"select ({sql}) as x from {source}")
        except duckdb.Error as error:
            raise ExportError(f"{path}: {key}: {first_lines(error)}") from error
    values = "".join(f", ({sql}) as {identifier(HIDDEN + name)}" for name, sql in computed.items())
    condition = f" where {where}" if where else ""
    end = f" limit {limit}" if limit is not None else ""
    try:
        con.execute(
            f"create temp table incoming as select {ROW}, {own}{values} from {source}"
            f"{condition}{end}"
        )
    except duckdb.Error as error:
        keys = [f"columns.{name}.sql" for name in computed] + (["where"] if where else [])
        if not keys:
            raise
        raise ExportError(f"{path}: {' or '.join(keys)}: {first_lines(error)}") from error
    kinds = _kinds(con, "incoming")
    return {name: kinds[HIDDEN + name] for name in computed}


def _numbers(
    con: duckdb.DuckDBPyConnection, relation: str, types: dict[str, str], spared: set[str]
) -> str:
    """Casts of those text columns that hold nothing but numbers; '00123' and '+44' are none.

    Nor are more digits than a double keeps apart: those of an id, or two ids in one.
    """
    names = [n for n, kind in types.items() if n.lower() not in spared and kind == "VARCHAR"]
    if not names:
        return ""
    tests = ", ".join(
        f"bool_and(regexp_full_match({c}, '-?(0|[1-9][0-9]{{0,17}})')),"
        f" bool_and(try_cast({c} as double) is not null)"
        f" and not bool_or(regexp_matches({c}, '^([+]|-?0[0-9])|([0-9][.]?){{16}}'))"
        for c in map(identifier, names)
    )
    answers = con.execute(f"select {tests} from {relation}").fetchall()[0]
    casts = []
    for name, is_whole, is_number in zip(names, answers[::2], answers[1::2], strict=True):
        if is_whole or is_number:
            kind = "bigint" if is_whole else "double"
            casts.append(f"cast({identifier(name)} as {kind}) as {identifier(name)}")
    return ", ".join(casts)


def _as_numbers(con: duckdb.DuckDBPyConnection, types: dict[str, str], spared: set[str]) -> str:
    casts = _numbers(con, "staged", types, spared)
    return f"select * replace ({casts}) from staged" if casts else "select * from staged"


def _describe(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, ...]]:
    """What a query over the file would yield; more than one statement is refused."""
    if len(con.extract_statements(query)) != 1:
        raise duckdb.ParserException("more than one statement is given")
    return con.execute(f"describe {query}").fetchall()


def _kinds(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    described = con.execute(f"describe select * from {relation}").fetchall()
    return {name: kind for name, kind, *_ in described}


def _count(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return con.execute(f"select count(*) from {table}").fetchall()[0][0]
