"""Exports into `raw.*`: new and changed files only, each in one transaction, every row accounted.

`ledger.files` remembers each file by content; `ledger.rejects` keeps every row that could not be
read, with file, line, column and reason. For every file: rows in it = rows rejected + rows loaded.
"""

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .config import Export, ExportsConfig, asks_for
from .contract import Contract, Table, load_contract
from .errors import ExportError
from .mapping import map_columns
from .readers import Fingerprint, Incoming, file_columns, fingerprint, first_lines, read_file
from .sql import identifier, literal
from .zones import provide_gaps

_DATE_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)"
)

_LEDGER = """
create schema if not exists raw;
create schema if not exists ledger;
create table if not exists ledger.files (
    export varchar, file varchar, size bigint, sha256 varchar, mapping varchar,
    delivered_at date, columns varchar, rows_in_file bigint, rows_loaded bigint,
    rows_rejected bigint, run_id varchar, loaded_at timestamp
);
create table if not exists ledger.rejects (
    export varchar, _file varchar, _line bigint, "column" varchar, reason varchar,
    value varchar, raw_line varchar, is_personal boolean, amount decimal(18, 4), currency varchar,
    moment timestamp, _delivered_at date, _run_id varchar
);
create table if not exists ledger.studies (
    study varchar, start_activity varchar, return_activity varchar, entry varchar,
    min_occurrences integer, bucket varchar
);
create table if not exists ledger.missing_days (export varchar, missing_date date);
"""


@dataclass(frozen=True)
class Loaded:
    """What one run did to one export: rows now in raw, and the files it had to read for that."""

    export: str
    rows: int
    rejected: int
    files: int
    files_read: int
    columns: dict[str, str]


@dataclass(frozen=True)
class Run:
    """The run on whose behalf rows are loaded."""

    run_id: str
    started_at: dt.datetime


def prepare(con: duckdb.DuckDBPyConnection, config: ExportsConfig) -> None:
    """Make the ledger, and put the studies of `exports.yml` where dbt finds them."""
    con.execute(_LEDGER)
    con.execute("begin; delete from ledger.studies")
    for study in config.studies:
        con.execute(
            "insert into ledger.studies values (?, ?, ?, ?, ?, ?)",
            [
                study.name,
                study.start,
                study.return_,
                study.entry,
                study.min_occurrences,
                study.bucket,
            ],
        )
    con.execute("commit")


def load_export(
    con: duckdb.DuckDBPyConnection,
    config: ExportsConfig,
    name: str,
    run: Run,
    contract: Contract | None = None,
    force: bool = False,
) -> Loaded:
    """Bring `raw.<name>` up to date with the export's files; an export not mapped is empty.

    A file whose content and mapping the ledger knows is not read again, one that changed replaces
    exactly its own rows, one that vanished keeps them as long as `files` still asks for its name.
    Raises ExportError where a file cannot be read or lacks a mapped column; what earlier files
    brought stays. With `force`, known files are read again.
    """
    contract = contract or load_contract()
    table = contract.tables[name]
    _create(con, table, contract)
    export = config.exports.get(name)
    if export is None:
        _forget(con, name, con.execute(_KNOWN_FILES, [name]).fetchall())
        return _summary(con, name, files_read=0)
    files = config.files(name)
    known = con.execute(_KNOWN_FILES, [name]).fetchall()
    asked = {f for (f,) in known if f in files or any(asks_for(p, f) for p in export.files)}
    _forget(con, name, [(file,) for (file,) in known if file not in asked])
    fingerprints = {file: _fingerprint(path) for file, path in files.items()}
    mapping = _mapping_hash(export, table)
    read = 0
    for file, path in files.items():
        row = con.execute(
            "select sha256 = ? and mapping = ?, delivered_at, sha256 = ? from ledger.files"
            " where export = ? and file = ?",
            [fingerprints[file].sha256, mapping, fingerprints[file].sha256, name, file],
        ).fetchone()
        if row and row[0] and not force:
            continue
        first_seen = row[1] if row and row[2] else None
        delivered = export.delivered_at or date_in_name(file) or first_seen or _file_date(path)
        source = _File(file, path, fingerprints[file], mapping, delivered)
        others = [other for other in files.values() if other != path]
        _load_file(con, table, export, source, others, run, contract)
        read += 1
    return _summary(con, name, files_read=read)


def base_currency(con: duckdb.DuckDBPyConnection, config: ExportsConfig) -> str:
    """The only currency of the loaded exports; '' where none is named.

    Raises ExportError where several occur: which one figures are in is the user's to say.
    """
    found = [
        currency
        for (currency,) in con.execute(
            "select distinct currency from raw.orders where currency is not null order by 1"
        ).fetchall()
    ]
    if len(found) > 1:
        raise ExportError(
            f"{config.path}: settings.base_currency: the orders are in {', '.join(found)}; "
            "name the one that figures shall be in"
        )
    return found[0] if found else ""


_KNOWN_FILES = "select file from ledger.files where export = ?"


@dataclass(frozen=True)
class _File:
    name: str
    path: Path
    fingerprint: Fingerprint
    mapping: str
    delivered_at: dt.date


def _create(con: duckdb.DuckDBPyConnection, table: Table, contract: Contract) -> None:
    """The raw table of the contract; one of an older contract makes way: files are read again."""
    columns = [*table.columns.values(), *contract.provenance.values()]
    wanted = [(column.name, column.duckdb_type.upper().replace(" ", "")) for column in columns]
    present = con.execute(
        "select column_name, replace(data_type, ' ', '') from duckdb_columns()"
        " where schema_name = 'raw' and table_name = ? order by column_index",
        [table.name],
    ).fetchall()
    if present == wanted:
        return
    definition = ", ".join(f"{identifier(c.name)} {c.duckdb_type}" for c in columns)
    con.execute("begin")
    con.execute(f"create or replace table raw.{identifier(table.name)} ({definition})")
    con.execute("delete from ledger.files where export = ?", [table.name])
    con.execute("delete from ledger.rejects where export = ?", [table.name])
    con.execute("commit")


def _forget(con: duckdb.DuckDBPyConnection, name: str, files: list[tuple[str]]) -> None:
    for (file,) in files:
        con.execute("begin")
        _delete_rows(con, name, file)
        con.execute("commit")


def _delete_rows(con: duckdb.DuckDBPyConnection, name: str, file: str) -> None:
    con.execute(f"delete from raw.{identifier(name)} where _file = ?", [file])
    con.execute("delete from ledger.rejects where export = ? and _file = ?", [name, file])
    con.execute("delete from ledger.files where export = ? and file = ?", [name, file])


def _load_file(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    export: Export,
    source: _File,
    others: list[Path],
    run: Run,
    contract: Contract,
) -> None:
    con.execute(f"set TimeZone = {literal(export.time_zone)}")
    try:
        incoming = read_file(con, source.path, export)
        lacking = _lacking(con, table, export, incoming, others)
        typed = map_columns(table, export, incoming, source.path, lacking)
        provide_gaps(con, export.time_zone)
        # DuckDB would push the test for faults below the typing, and type every value twice
        con.execute("set disabled_optimizers = 'filter_pushdown'")
        _write(con, table, source, incoming, typed, run, contract)
    except duckdb.Error as error:
        raise ExportError(f"{source.path}: exports.{table.name}: {first_lines(error)}") from error
    finally:
        con.execute("reset disabled_optimizers; set TimeZone = 'UTC'")
        con.execute("drop table if exists incoming; drop table if exists unreadable")


def _write(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    source: _File,
    incoming: Incoming,
    typed: str,
    run: Run,
    contract: Contract,
) -> None:
    raw = f"raw.{identifier(table.name)}"
    provenance = {
        "_file": literal(source.name),
        "_line": _LINE,
        "_content": "_content",
        "_delivered_at": f"date '{source.delivered_at}'",
        "_run_id": literal(run.run_id),
        "_loaded_at": f"timestamp '{run.started_at:%Y-%m-%d %H:%M:%S}'",
    }
    columns = ", ".join(table.columns)
    stamps = ", ".join(f"{provenance[name]} as {name}" for name in contract.provenance)
    con.execute("begin")
    try:
        _delete_rows(con, table.name, source.name)
        ((loaded,),) = con.execute(
            f"insert into {raw} by name select {columns}, {stamps}"
            f" from {_numbered(typed, incoming)} where _fault is null"
        ).fetchall()
        rejected = incoming.rows - loaded + incoming.unreadable
        if rejected:
            noted = _write_rejects(con, table, source, incoming, typed, run)
            if noted != rejected:
                raise ExportError(
                    f"{source.path}: exports.{table.name}: {rejected} rows could not be read but "
                    f"{noted} were noted; please report this"
                )
        con.execute(
            "insert into ledger.files values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                *(table.name, source.name, source.fingerprint.size, source.fingerprint.sha256),
                *(source.mapping, source.delivered_at, json.dumps(incoming.columns)),
                *(loaded + rejected, loaded, rejected, run.run_id, run.started_at),
            ],
        )
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _write_rejects(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    source: _File,
    incoming: Incoming,
    typed: str,
    run: Run,
) -> int:
    """Note every row that is not in raw, and the lines that are no rows; return how many."""
    personal = [literal(c.name) for c in table.columns.values() if c.is_personal]
    is_personal = f"_fault_column in ({', '.join(personal)})" if personal else "false"
    amount, currency = (
        ("amount", "currency") if {"amount", "currency"} <= set(table.columns) else ("null",) * 2
    )
    where = f"{literal(table.name)}, {literal(source.name)}"
    when = f"date '{source.delivered_at}', {literal(run.run_id)}"
    ((misfits,),) = con.execute(
        f"insert into ledger.rejects select {where}, {_LINE}, _fault_column,"
        " _fault_column || ' ' || _fault_reason, _fault_value, null,"
        f" {is_personal}, {amount}, {currency}, {table.time or 'null'}, {when}"
        f" from {_numbered(typed, incoming)} where _fault is not null order by _row"
    ).fetchall()
    ((unreadable,),) = con.execute(
        f'insert into ledger.rejects select {where}, line, "column", reason, null, text,'
        f" true, null, null, null, {when} from unreadable order by line"
    ).fetchall()
    return misfits + unreadable


_LINE = "_first_line + _row + _unreadable"


def _numbered(typed: str, incoming: Incoming) -> str:
    """The typed rows, beside what their line number needs: lines before them that are no rows."""
    if not incoming.unreadable:
        return f"(select *, {incoming.first_line} as _first_line, 0 as _unreadable from ({typed}))"
    first = incoming.first_line
    shifts = (
        "select _shift_row, max(_unreadable) as _unreadable from ("
        f"select line - {first} - row_number() over (order by line) + 1 as _shift_row,"
        " row_number() over (order by line) as _unreadable from unreadable) group by _shift_row"
    )
    return (
        f"(select typed.*, {first} as _first_line, coalesce(_unreadable, 0) as _unreadable"
        f" from ({typed}) as typed asof left join ({shifts}) as shifts on _row >= _shift_row)"
    )


def _lacking(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    export: Export,
    incoming: Incoming,
    others: list[Path],
) -> frozenset[str]:
    """Optional columns this file is without but another file of the export has."""
    present = {name.lower() for name in incoming.columns}
    missing = {
        ours: theirs
        for ours, theirs in export.columns.items()
        if isinstance(theirs, str)
        and theirs.lower() not in present
        and not (ours in table.columns and table.columns[ours].is_required)
    }
    if not missing:
        return frozenset()
    elsewhere: set[str] = set()
    for other in others:
        elsewhere |= file_columns(con, other, export)
    return frozenset(ours for ours, theirs in missing.items() if theirs.lower() in elsewhere)


def _fingerprint(path: Path) -> Fingerprint:
    try:
        return fingerprint(path)
    except OSError as error:
        raise ExportError(
            f"{path}: the file cannot be opened ({error.strerror}); let this user read it"
        ) from error


def _mapping_hash(export: Export, table: Table) -> str:
    """What besides a file's content decides the rows it becomes."""
    given = export.model_dump(
        mode="json", exclude={"files", "grain", "negative_amounts", "missing_days"}
    )
    types = [
        (column.name, column.data_type, column.default, column.tells_version)
        for column in table.columns.values()
    ]
    return hashlib.sha256(json.dumps([given, types], sort_keys=True).encode()).hexdigest()


def date_in_name(file: str) -> dt.date | None:
    """The last date in the file's name."""
    dates = [
        dt.date(int(y), int(m), int(d))
        for y, _, m, d in _DATE_IN_NAME.findall(Path(file).name)
        if _is_date(int(y), int(m), int(d))
    ]
    return dates[-1] if dates else None


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _file_date(path: Path) -> dt.date:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC).date()


def _summary(con: duckdb.DuckDBPyConnection, name: str, files_read: int) -> Loaded:
    row = con.execute(
        "select coalesce(sum(rows_loaded), 0), coalesce(sum(rows_rejected), 0), count(*)"
        " from ledger.files where export = ?",
        [name],
    ).fetchone()
    assert row is not None
    columns = con.execute(f"describe raw.{identifier(name)}").fetchall()
    kinds = {column: kind for column, kind, *_ in columns}
    return Loaded(name, int(row[0]), int(row[1]), row[2], files_read, kinds)
