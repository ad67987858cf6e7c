"""JSON into the temporary table `staged`, every field as text."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ..config.load import Export
from ..errors import ExportError
from ..sql import file_literal, identifier, literal
from .names import clean_name, unique_names
from .scan import NOT_UTF8, Scan, compression, open_bytes, read_head, scan, without_marks

_OBJECT = "json_type(json) = 'OBJECT'"
_TWICE = "len(json_keys(json)) <> len(list_distinct(json_keys(json)))"


def stage_json(
    con: duckdb.DuckDBPyConnection, path: Path, export: Export, limit: int | None
) -> Scan:
    """JSON objects, one a line or in one array, into `staged`: every field as text.

    Values that are not objects go into `unreadable`. Raises ExportError where the rows are in a
    list within each object.
    """
    is_lines = _json_format(path) == "newline_delimited"
    found = scan(path, nul=b"\\u0000") if limit is None else Scan(0, 0, False, True)
    end = f" limit {limit}" if limit is not None else ""
    with json_source(path) as source:
        con.execute(f"create or replace temp table incoming_json as select json from {source}{end}")
    ((read,),) = con.execute("select count(*) from incoming_json").fetchall()
    if is_lines and limit is None and read != found.records and read != _lines(path):
        raise ExportError(
            f"{path}: {_lines(path)} lines are in the file but {read} were read; "
            "write one JSON object a line"
        )
    con.execute(
        "insert into unreadable select rowid + 1, null,"
        f" case when {_OBJECT} then 'has a key twice' else 'is not a JSON object' end, null"
        f" from incoming_json where json is null or not {_OBJECT} or {_TWICE}"
    )
    keys = con.execute(
        "select distinct unnest(json_keys(json)) as key from incoming_json"
        f" where {_OBJECT} order by key"
    ).fetchall()
    if not keys and read:
        raise ExportError(f"{path}: line 1: there is no JSON object in the file")
    if not read:  # an empty array is a delivery of no rows, as a CSV file of a header alone
        keys = [(name,) for name in export.named.values()]
    else:
        _refuse_wrapper(con, path, export, {key for (key,) in keys})
    names = unique_names(clean_name(key) for (key,) in keys)
    fields = ", ".join(
        f"json ->> {_json_path(key)} as {identifier(name)}"
        for (key,), name in zip(keys, names, strict=True)
    )
    con.execute(
        f"create temp table staged as select {fields or 'null as nothing'} from incoming_json"
        " where rowid + 1 not in (select line from unreadable) order by rowid"
    )
    con.execute("drop table incoming_json")
    if is_lines:
        _keep_lines(con, path)
    return found


def _refuse_wrapper(
    con: duckdb.DuckDBPyConnection, path: Path, export: Export, keys: set[str]
) -> None:
    """Where an object holds no mapped field but a list of objects does, those are the rows."""
    wanted = {name.split(".")[0].lower() for name in export.named.values()}
    if not wanted or wanted & {clean_name(key).lower() for key in keys}:
        return
    ((first,),) = con.execute(
        f"select json from incoming_json where {_OBJECT} order by rowid limit 1"
    ).fetchall()
    if found := _list_of_rows(json.loads(first), wanted, ()):
        raise ExportError(
            f"{path}: the rows are in a list within each object; write into its export "
            f"`select: {select_of(found)}`"
        )


def select_of(path: tuple[str, ...]) -> str:
    """The `select:` whose rows are the objects of the list at the path."""
    inner = ".".join(map(identifier, path))
    return f"select unnest(row) from (select unnest({inner}) as row from {{file}})"


def _list_of_rows(value: object, wanted: set[str], above: tuple[str, ...]) -> tuple[str, ...]:
    """The path to a list whose objects have a wanted field; () where there is none."""
    if not isinstance(value, dict):
        return ()
    for key, inner in value.items():
        rows = [row for row in inner if isinstance(row, dict)] if isinstance(inner, list) else []
        if rows and wanted & {clean_name(name).lower() for name in rows[0]}:
            return (*above, key)
        if found := _list_of_rows(inner, wanted, (*above, key)):
            return found
    return ()


def _lines(path: Path) -> int:
    with open_bytes(path) as file:
        return sum(bool(line.strip()) for line in file)


def _keep_lines(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Put the text of unreadable lines beside their numbers."""
    wanted = {line for (line,) in con.execute("select line from unreadable").fetchall()}
    if not wanted:
        return
    texts, number = [], 0
    with open_bytes(path) as file:
        for line in file:
            number += bool(line.strip())
            if number in wanted and line.strip():
                text = line[:2000].decode(errors="replace").rstrip("\r\n")
                texts.append((number, text, None if _is_utf8(line) else NOT_UTF8))
    con.execute("create or replace temp table texts (line bigint, text varchar, reason varchar)")
    con.executemany("insert into texts values (?, ?, ?)", texts)
    con.execute(
        "update unreadable set text = texts.text,"
        " reason = coalesce(texts.reason, unreadable.reason)"
        " from texts where texts.line = unreadable.line"
    )
    con.execute("drop table texts")


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _json_format(path: Path) -> str:
    """'array', 'newline_delimited', or 'unstructured' where an object spreads over lines."""
    text = without_marks(read_head(path)).decode(errors="replace").lstrip()
    if text.startswith("["):
        return "array"
    first_line = text.split("\n", 1)[0]
    try:
        json.loads(first_line)
        return "newline_delimited"
    except (ValueError, RecursionError):
        pass
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return "newline_delimited"
    return "unstructured" if "\n" in text[:end] else "newline_delimited"


@contextmanager
def json_source(path: Path) -> Iterator[str]:
    """The relation of the file's JSON values; a malformed line of several is NULL."""
    how = _json_format(path)
    lenient = ", ignore_errors = true" if how == "newline_delimited" else ""
    head = read_head(path)
    with tempfile.TemporaryDirectory() as folder:
        source, packed = path, compression(path)
        marks = len(head) - len(without_marks(head))
        if marks:  # DuckDB would take it for a part of the first line
            source, packed = Path(folder) / "copy.json", "uncompressed"
            with open_bytes(path) as file, source.open("wb") as copy:
                file.seek(marks)
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
        yield (
            f"read_json_objects({file_literal(source)}, format = '{how}'{lenient},"
            f" compression = {literal(packed)}, hive_partitioning = false)"
        )


def _json_path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return literal(f'$."{escaped}"')
