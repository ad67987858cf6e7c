"""Files into the temporary table `incoming`, in the file's own columns, whatever the format.

Text formats land as text: types come from the contract, not from sniffing, so that nothing is
rounded or reinterpreted before it can be judged. DuckDB's own readers do the reading; what they
are known to pass over in silence (a truncated gzip, an unclosed quote) is reconciled here.
"""

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import duckdb

from .config import Export, Expression
from .errors import ExportError
from .sql import identifier, literal

CHUNK = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Fingerprint:
    """What the ledger knows a file by."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Unreadable:
    """A line that could not be split into the file's columns."""

    line: int
    column: str | None
    reason: str
    text: str


@dataclass(frozen=True)
class Incoming:
    """What is in the temporary table `incoming`: its columns and their types, its rows, the rest."""

    columns: dict[str, str]
    rows: int
    first_line: int
    unreadable: list[Unreadable] = field(default_factory=list)


def fingerprint(path: Path) -> Fingerprint:
    """Size and content hash of a file."""
    with path.open("rb") as file:
        return Fingerprint(path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def read_file(con: duckdb.DuckDBPyConnection, path: Path, export: Export) -> Incoming:
    """Read one file into the temporary table `incoming`.

    Raises ExportError where the file cannot be read whole: nothing of it is loaded then.
    """
    kind = file_format(path)
    con.execute("drop table if exists incoming")
    try:
        if kind == "parquet":
            return _read_relation(con, f"read_parquet({literal(path)})", export, first_line=1)
        _check_compression(path)
        if kind == "json" and not export.select:
            return _read_json(con, path, export)
        if kind == "json":
            return _read_relation(con, f"read_json({literal(path)})", export, first_line=1)
        return _read_csv(con, path, export)
    except duckdb.Error as error:
        raise ExportError(f"{path}: cannot be read as {kind}: {_first_lines(error)}") from error


def file_columns(con: duckdb.DuckDBPyConnection, path: Path, export: Export) -> dict[str, str]:
    """Names and types of a file's columns, by its content."""
    return read_file(con, path, export).columns


def file_format(path: Path) -> str:
    """'parquet', 'json' or 'csv', by what is in the file."""
    with _open(path) as file:
        head = file.read(64 * 1024)
    if head.startswith(b"PAR1"):
        return "parquet"
    text = head.decode("utf-8", errors="replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise ExportError(f"{path}: the file is empty; export it again or take it out of `files`")
    return "json" if text[0] in "{[" else "csv"


@contextmanager
def _open(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as file:
        is_gzip = file.read(2) == GZIP_MAGIC
        file.seek(0)
        try:
            yield gzip.GzipFile(fileobj=file) if is_gzip else file  # type: ignore[misc]
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise ExportError(
                f"{path}: the gzip file is damaged or cut short ({error}); deliver it again"
            ) from error


def _check_compression(path: Path) -> None:
    """Read a gzip to its end: DuckDB takes what it can of a truncated one without a word."""
    with path.open("rb") as file:
        if file.read(2) != GZIP_MAGIC:
            return
    with _open(path) as file:
        while file.read(CHUNK):
            pass


def _read_relation(
    con: duckdb.DuckDBPyConnection, source: str, export: Export, first_line: int
) -> Incoming:
    selected = (export.select or "select * from {file}").replace("{file}", source)
    where = f" where {export.where}" if export.where else ""
    con.execute(f"create temp table incoming as select * from ({selected}){where}")
    return Incoming(_columns(con), _count(con), first_line)


def _read_json(con: duckdb.DuckDBPyConnection, path: Path, export: Export) -> Incoming:
    """JSON objects, one a line or in one array; every field as text."""
    with _open(path) as file:
        is_array = file.read(CHUNK).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
    how = "format = 'array'" if is_array else "format = 'newline_delimited', ignore_errors = true"
    con.execute("drop table if exists incoming_json")
    con.execute(
        "create temp table incoming_json as "
        f"select json from read_json_objects({literal(path)}, {how})"
    )
    not_objects = con.execute(
        "select rowid + 1 from incoming_json"
        " where json is null or json_type(json) <> 'OBJECT' order by 1"
    ).fetchall()
    keys = con.execute(
        "select distinct unnest(json_keys(json)) as key from incoming_json"
        " where json_type(json) = 'OBJECT' order by key"
    ).fetchall()
    fields = ", ".join(f"json ->> {_json_path(key)} as {identifier(key)}" for (key,) in keys)
    where = f"where {export.where}" if export.where else ""
    con.execute(
        f"create temp table incoming as select * from (select {fields or 'null as nothing'}"
        f" from incoming_json where json_type(json) = 'OBJECT' order by rowid) {where}"
    )
    con.execute("drop table incoming_json")
    unreadable = [Unreadable(line, None, "not a JSON object", "") for (line,) in not_objects]
    return Incoming(_columns(con), _count(con), 1, unreadable)


def _json_path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return literal(f'$."{escaped}"')


def _read_csv(con: duckdb.DuckDBPyConnection, path: Path, export: Export) -> Incoming:
    sniffed = con.execute(
        f"select Delimiter, Quote, Escape, NewLineDelimiter from sniff_csv({literal(path)}, "
        f"header = true, all_varchar = true{_delimiter(export)})"
    ).fetchone()
    assert sniffed is not None
    delimiter, quote, escape, _ = sniffed
    quote = "" if quote == "(empty)" else quote
    escape = "" if escape == "(empty)" else escape
    dialect = (
        f"header = true, delim = {literal(delimiter)}, quote = {literal(quote)}, "
        f"escape = {literal(escape)}"
    )
    reader = f"read_csv({literal(path)}, {dialect}, store_rejects = true, rejects_limit = 0"
    con.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    if export.select or _expressions(export):
        reader += f", {_types(con, path, dialect, export)})"
    else:
        reader += ", all_varchar = true)"
    incoming = _read_relation(con, reader, export, first_line=2)
    unreadable = [
        Unreadable(line, column, reason, text)
        for line, column, reason, text in con.execute(
            "select line, min(column_name), lower(min(error_type::varchar)), min(csv_line)"
            " from reject_errors group by line order by line"
        ).fetchall()
    ]
    if not export.where and not export.select:
        _reconcile(path, delimiter, quote, incoming.rows + len(unreadable))
    return Incoming(incoming.columns, incoming.rows, incoming.first_line, unreadable)


def _delimiter(export: Export) -> str:
    return f", delim = {literal(export.delimiter)}" if export.delimiter else ""


def _expressions(export: Export) -> list[str]:
    given = [c.sql for c in export.columns.values() if isinstance(c, Expression) and c.sql]
    return given + ([export.where] if export.where else [])


def _types(con: duckdb.DuckDBPyConnection, path: Path, dialect: str, export: Export) -> str:
    """Columns that are mapped as they are stay text; those in expressions may be numbers."""
    header = con.execute(
        f"describe select * from read_csv({literal(path)}, {dialect}, all_varchar = true)"
    ).fetchall()
    mapped = {c.lower() for c in export.columns.values() if isinstance(c, str)}
    text = [name for name, *_ in header if name.lower() in mapped]
    types = ", ".join(f"{literal(name)}: 'varchar'" for name in text)
    return (
        f"types = {{{types}}}, " if types else ""
    ) + "sample_size = -1, auto_type_candidates = ['BIGINT', 'DOUBLE', 'VARCHAR']"


def _reconcile(path: Path, delimiter: str, quote: str, records: int) -> None:
    """Compare the records DuckDB saw with the file's lines, counted independently.

    An unclosed quote swallows the rest of a file into one record; embedded line breaks are fine.
    """
    with _open(path) as file:
        lines, last = 0, b"\n"
        while chunk := file.read(CHUNK):
            lines += chunk.count(b"\n")
            last = chunk[-1:]
        lines += last != b"\n"
    if lines - 1 == records:
        return
    with _open(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        reader = csv.reader(
            text,
            delimiter=delimiter,
            quotechar=quote or None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
            strict=True,
        )
        counted, line = 0, 0
        try:
            for record in reader:
                counted += bool(record)
                line = reader.line_num
        except csv.Error as error:
            raise ExportError(
                f"{path}: line {line + 1}: {error}; a quote is probably not closed there"
            ) from error
    if counted - 1 != records:
        raise ExportError(
            f"{path}: {counted - 1} records are in the file but {records} were read; "
            "look for an unclosed quote or a stray line break, or set `delimiter:`"
        )


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {name: kind for name, kind, *_ in con.execute("describe incoming").fetchall()}


def _count(con: duckdb.DuckDBPyConnection) -> int:
    row = con.execute("select count(*) from incoming").fetchone()
    assert row is not None
    return row[0]


def _first_lines(error: Exception) -> str:
    return re.split(r"\n\s*\n|\nPossible|\nLINE ", str(error).strip())[0].replace("\n", " ")
