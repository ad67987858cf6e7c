"""How the published file is replaced: a new one is written beside it, then renamed over it."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..exports.errors import ExportError
from ..exports.sql import identifier, literal
from ..settings import STORAGE_VERSION
from .builds import faults
from .dbt_runner import Dbt
from .files import Warehouse
from .kept import hold, keep
from .project import Described

#: How many tables a refusal names.
SHOWN = 12


@dataclass(frozen=True)
class Published:
    """The marts as readers see them: rows by table, and the file's size in bytes."""

    rows: dict[str, int]
    size: int


def publish(
    warehouse: Warehouse,
    run_id: str,
    dbt: Dbt,
    names: Iterable[str] | None = None,
) -> Published:
    """Swap the marts in with one rename, so that a reader sees all of a run or none of it.

    Tables are in schema `main`, with the descriptions of dbt's yml as comments: `t` and `marts.t`
    both name one wherever `marts.duckdb` is opened. Rows are written in order of their columns:
    equal marts are equal files, row for row. The run's row of `metric_run_log` is filled in here,
    where it is true.

    Args:
        warehouse: Where the marts are built, and published.
        run_id: The run in progress.
        dbt: dbt over the warehouse: by which definitions tables should be built, and their
            descriptions.
        names: The marts to publish, all of the project unless said otherwise.

    Raises ExportError where a mart, or what it is made of, is older than its inputs or its
    definition, or fails a test: whatever was materialized by itself.
    """
    described = dbt.described()
    wanted = sorted(names or described)
    with warehouse.connect() as con:
        _refuse(faults(con, wanted, dbt.definitions))
    published = warehouse.marts_file
    new = published.with_name("marts.duckdb.new")
    for leftover in (new, _wal(new)):
        leftover.unlink(missing_ok=True)
    con = duckdb.connect()
    try:
        con.execute(f"set temp_directory = {literal(warehouse.spill_folder)}")
        con.execute(f"attach {literal(warehouse.build_file)} as build (read_only)")
        con.execute(
            f"attach {literal(new)} as published (storage_version {literal(STORAGE_VERSION)})"
        )
        rows = {name: _copy(con, name, described[name]) for name in wanted}
        passed, odd = warehouse.checks(run_id)
        con.execute(
            "update published.metric_run_log set published = true, rows = ?,"
            " checks_passed = ?, checks_failed = ?, warned = ?,"
            " as_of_date = (select as_of_date from build.core.as_of) where run_id = ?",
            [sum(rows.values()), passed, len(odd), "\n".join(odd) or None, run_id],
        )
        con.execute("detach published")
    finally:
        con.close()
    new.chmod(0o444)
    _sync(new)
    earlier = int(dbt.settings.get("kept_marts", 0))
    held = hold(warehouse, new) if earlier else None
    new.replace(published)
    # a client that opened the old file for writing may have left one; it is not ours
    _wal(published).unlink(missing_ok=True)
    if held:
        keep(warehouse, held, earlier)
    return Published(rows, published.stat().st_size)


def _refuse(found: Mapping[str, str]) -> None:
    if found:
        told = [f"{name} {why}" for name, why in sorted(found.items())]
        more = [f"and {len(told) - SHOWN} more"] if len(told) > SHOWN else []
        raise ExportError(
            "not published, since these tables are not what a whole run would make of them; "
            "materialize them, or everything (`retention run`): " + "; ".join(told[:SHOWN] + more)
        )


def _copy(con: duckdb.DuckDBPyConnection, mart: str, described: Described) -> int:
    """Copy one mart with its comments; the return value is how many rows it has."""
    name = f"published.{identifier(mart)}"
    con.execute(f"create table {name} as from build.marts.{identifier(mart)} order by all")
    con.execute(f"comment on table {name} is {literal(described.text)}")
    for column, text in described.columns.items():
        con.execute(f"comment on column {name}.{identifier(column)} is {literal(text)}")
    counted = con.execute(f"select count(*) from {name}").fetchone()
    assert counted is not None
    return int(counted[0])


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
