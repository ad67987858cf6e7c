"""Exports into `raw.*`: new and changed files only, each in one transaction, every row accounted.

For every file: rows in it = rows rejected + rows loaded.
"""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import duckdb

from ..config.load import Export, ExportsConfig, asks_for
from ..contract import Contract, Table, load_contract
from ..errors import ExportError
from ..formats.expressions import first_lines
from ..formats.readers import Incoming, file_columns, forget, read_file
from ..formats.scan import file_format
from ..mapping.as_above import as_above
from ..mapping.columns import map_columns
from ..mapping.evidence import ask_for_currency, ask_for_separators
from ..mapping.zones import provide_changes
from ..sql import literal
from .again import Again
from .deliveries import (
    Delivery,
    delivery_date,
    file_date,
    fingerprint,
    mapping_hash,
    name_dates,
)
from .ledger import Loaded, create_ledger, create_raw, drop_files, known_files, summary
from .references import note_references
from .writing import Run, write_rows

#: How many files a message names.
SHOWN = 5

__all__ = ["Loaded", "Run", "load_export", "prepare"]


def prepare(con: duckdb.DuckDBPyConnection, config: ExportsConfig) -> None:
    """Make the ledger, and put what `exports.yml` adds to the exports where dbt finds it.

    From then on the database fetches no extension, whatever SQL the exports bring.
    Raises ExportError where a file that a setting names is wrong.
    """
    con.execute("set autoinstall_known_extensions = false")
    create_ledger(con)
    note_references(con, config)


def load_export(
    con: duckdb.DuckDBPyConnection,
    config: ExportsConfig,
    name: str,
    run: Run,
    contract: Contract | None = None,
    force: bool = False,
    prune: bool = False,
    limit: int | None = None,
    again: Again | None = None,
) -> Loaded:
    """Bring `raw.<name>` up to date with the export's files; an export not mapped is empty.

    A file whose content and mapping the ledger knows is not read again, one that changed replaces
    exactly its own rows, one that vanished keeps them as long as `files` still matches its name;
    with `prune` it loses them. With `force`, known files are read again, else those that `again`
    asks for. Rows of a file that was loaded under another mapping are loaded again; where it is
    gone, that has to be accepted. With a `limit`, only so many rows of each file are looked at: a
    sample, for a database that is thrown away.
    Raises ExportError where a file cannot be read or lacks a mapped column, or is gone and was
    loaded under another mapping; what earlier files brought stays.
    """
    contract = contract or load_contract()
    table = contract.tables[name]
    create_raw(con, table, contract)
    export = config.located(name) if name in config.exports else None
    known = known_files(con, name)
    if export is None:
        drop_files(con, name, list(known))
        return summary(con, name, 0, dropped=known, vanished={})
    # to prune, a pattern has to match something: a folder out of reach must not empty an export
    files = config.files(name, known=() if prune else known)
    fingerprints = {file: fingerprint(path) for file, path in files.items()}
    dropped = {f: rows for f, rows in known.items() if not _is_kept(f, files, export, prune)}
    drop_files(con, name, list(dropped))
    mapping = mapping_hash(export, table)
    other = _otherwise_mapped(con, name, mapping)
    gone = {file: day for file, day in other.items() if file not in files and file not in dropped}
    accepted = _accepted(config, name, gone)
    read = 0
    for file, path in files.items():
        row = con.execute(
            "select sha256 = ? and mapping = ?, delivered_at, sha256 = ? from ledger.files"
            " where export = ? and file = ?",
            [fingerprints[file].sha256, mapping, fingerprints[file].sha256, name, file],
        ).fetchone()
        asked = force or bool(row and again and again.asks_for(file, row[1]))
        if row and row[0] and not asked:
            continue
        first_seen = row[1] if row and row[2] else None
        # what a name told once it goes on telling, whatever other files come and go
        told_before = row[1] if row and row[1] in name_dates(file) else None
        told = told_before or delivery_date(file, [*files, *known])
        delivered = export.delivered_at or told or first_seen or file_date(path)
        delivery = Delivery(file, path, fingerprints[file], mapping, delivered)
        others = [other for other in files.values() if other != path]
        _load_file(con, table, export, delivery, others, run, contract, limit)
        read += 1
    vanished = {f: rows for f, rows in known.items() if f not in files and f not in dropped}
    return replace(
        summary(con, name, read, dropped, vanished),
        remapped=tuple(sorted(other.keys() & files.keys())),
        accepted=accepted,
    )


def _otherwise_mapped(
    con: duckdb.DuckDBPyConnection, export: str, mapping: str
) -> dict[str, dt.date]:
    """The files that were loaded under another mapping, with their delivery dates."""
    query = (
        "select file, delivered_at from ledger.files where export = ? and mapping <> ?"
        " order by file"
    )
    return dict(con.execute(query, [export, mapping]).fetchall())


def _accepted(config: ExportsConfig, name: str, gone: dict[str, dt.date]) -> dict[str, str]:
    """Why files that are gone may keep rows of another mapping.

    Raises ExportError, naming them, for those of which `exports.yml` does not say so: a warehouse
    that is built anew would have other rows.
    """
    reasons = {
        file: accepted.reason
        for file, delivered_at in gone.items()
        for accepted in config.exports[name].accept
        if accepted.covers(file, "mapping", delivered_at)
    }
    if stuck := [file for file in gone if file not in reasons]:
        more = f" and {len(stuck) - SHOWN} more" if len(stuck) > SHOWN else ""
        raise ExportError(
            f"{config.path}: exports.{name}: {', '.join(stuck[:SHOWN])}{more}: loaded under another"
            " mapping, and no longer there to be loaded again; put what is gone back, drop its rows"
            f" with --prune, or keep them as they are: `exports: {{{name}: {{accept: [{{file:"
            f" {stuck[0] if len(stuck) == 1 else repr('*')}, gate: mapping, reason: ...}}]}}}}`"
        )
    return reasons


def _is_kept(file: str, files: dict[str, Path], export: Export, prune: bool) -> bool:
    return file in files or (not prune and any(asks_for(p, file) for p in export.files))


def _load_file(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    export: Export,
    delivery: Delivery,
    others: list[Path],
    run: Run,
    contract: Contract,
    limit: int | None,
) -> None:
    con.execute(f"set TimeZone = {literal(export.time_zone)}")
    try:
        incoming = read_file(con, delivery.path, export, limit)
        lacking = _lacking(con, table, export, incoming, others)
        ask_for_separators(con, table, export, incoming, delivery.path)
        ask_for_currency(con, table, export, incoming, delivery.path)
        incoming = as_above(con, table, export, incoming)
        mapped = map_columns(table, export, incoming, delivery.path, delivery.delivered_at, lacking)
        provide_changes(con, export.time_zone)
        # DuckDB would push the test for faults below the typing, and type every value twice; and
        # make joins of lists of words, for every row what is asked of few
        con.execute("set disabled_optimizers = 'filter_pushdown,in_clause'")
        con.execute("set preserve_insertion_order = false")
        # packing ids and hashes takes a tenth of writing them; raw is twice as large without
        con.execute("set disabled_compression_methods = 'fsst,dict_fsst'")
        write_rows(con, table, export, delivery, incoming, mapped, run, contract)
    except duckdb.Error as error:
        said = first_lines(error)
        if isinstance(error, duckdb.IOException | duckdb.InvalidInputException):
            said = f"cannot be read as {file_format(delivery.path)}: {said}; deliver it again"
        raise ExportError(f"{delivery.path}: exports.{table.name}: {said}") from error
    except OSError as error:
        raise ExportError(
            f"{delivery.path}: the file cannot be read ({error.strerror}); was it taken away?"
        ) from error
    finally:
        con.execute(
            "reset disabled_optimizers; reset preserve_insertion_order;"
            " reset disabled_compression_methods; set TimeZone = 'UTC'"
        )
        forget(con)


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
        for ours, theirs in export.named.items()
        if not {theirs.lower(), theirs.lower().split(".")[0], f"{theirs.lower()}_1"} & present
        and not (ours in table.columns and table.columns[ours].is_required)
    }
    if not missing:
        return frozenset()
    found = {
        ours for ours, theirs in missing.items() if theirs.lower() in _known_columns(con, table)
    }
    for other in others if found < set(missing) else ():
        columns = file_columns(con, other, export)
        found |= {ours for ours, theirs in missing.items() if theirs.lower() in columns}
    return frozenset(found)


def _known_columns(con: duckdb.DuckDBPyConnection, table: Table) -> set[str]:
    """The columns that loaded files of the export have, whether they are still there or not."""
    columns = con.execute(
        "select distinct lower(unnest(json_keys(columns))) from ledger.files where export = ?",
        [table.name],
    ).fetchall()
    return {column for (column,) in columns}
