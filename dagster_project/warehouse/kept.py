"""The last published files: kept beside the one that readers open, and published again."""

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..exports.errors import ExportError
from ..exports.sql import literal
from .files import Warehouse


@dataclass(frozen=True)
class KeptMarts:
    """A published file that is kept: by which run it was made, and up to which day it looks."""

    path: Path
    run_id: str
    as_of_date: str

    @property
    def name(self) -> str:
        """What it is called by: when its run started."""
        return self.path.stem


def hold(warehouse: Warehouse, new: Path) -> Path:
    """A second name for what is about to be published: what cannot be kept is not published.

    It takes no room before the next one is published.
    """
    warehouse.kept_folder.mkdir(exist_ok=True)
    for leftover in warehouse.kept_folder.glob("*.new"):
        # of a run that was killed, before readers had it or after
        if warehouse.marts_file.exists() and leftover.samefile(warehouse.marts_file):
            leftover.replace(leftover.with_suffix(""))
        else:
            leftover.unlink()
    held = warehouse.kept_folder / f"{_stamp(new)}.duckdb.new"
    _same(new, held)
    return held


def keep(warehouse: Warehouse, held: Path, earlier: int) -> None:
    """Keep what was held and is published now, and so many of what was before it."""
    held.replace(held.with_suffix(""))
    for old in _files(warehouse)[earlier + 1 :]:
        old.unlink()


def kept(warehouse: Warehouse) -> list[KeptMarts]:
    """The files that are kept and can be read, the newest first."""
    found = []
    for path in _files(warehouse):
        try:
            run_id, as_of_date, _ = _run_of(path)
        except duckdb.Error:
            continue  # damaged: it is no file to go back to
        found.append(KeptMarts(path, run_id, as_of_date))
    return found


def rollback(warehouse: Warehouse, name: str | None = None) -> KeptMarts:
    """Publish an earlier file again: the one of this name, else the one before what is published.

    Its nights and later ones are judged again by the next run.
    Raises ExportError where there is none.
    """
    found = kept(warehouse)
    names = ", ".join(each.name for each in found) or "none"
    if name is not None:
        chosen = [each for each in found if each.name == name]
    else:
        run = _published_run(warehouse)
        now = next((each.name for each in found if each.run_id == run), None)
        chosen = [each for each in found if now is None or each.name < now]
    if not chosen:
        raise ExportError(
            f"{warehouse.kept_folder}: {name or 'what was before that which is published'} is not"
            f" kept (kept: {names}); the setting kept_marts says how many are"
        )
    new = warehouse.marts_file.with_name("marts.duckdb.new")
    new.unlink(missing_ok=True)
    _same(chosen[0].path, new)
    new.replace(warehouse.marts_file)
    _judge_again(warehouse, chosen[0].as_of_date)
    return chosen[0]


def _judge_again(warehouse: Warehouse, since: str) -> None:
    """Forget that nights from a day on were published."""
    if not warehouse.build_file.exists():
        return
    with warehouse.connect() as con:
        for table, day in (("published_nights", "night"), ("published_days", "day")):
            if con.execute(
                "select 1 from duckdb_tables() where schema_name = 'ledger' and table_name = ?",
                [table],
            ).fetchall():
                con.execute(
                    f"delete from ledger.{table} where {day} >= try_cast(? as date)", [since]
                )


def _published_run(warehouse: Warehouse) -> str | None:
    try:
        return _run_of(warehouse.marts_file)[0]
    except duckdb.Error:
        return None  # damaged, or there is none: any that is kept is better


def _files(warehouse: Warehouse) -> list[Path]:
    return sorted(warehouse.kept_folder.glob("*.duckdb"), reverse=True)


def _stamp(marts: Path) -> str:
    run_id, _, started_at = _run_of(marts)
    return f"{started_at}_{re.sub(r'[^A-Za-z0-9]', '', run_id)[:8]}"


def _run_of(marts: Path) -> tuple[str, str, str]:
    """The run that published a file, its as-of date, and when it started.

    Raises duckdb.Error where the file cannot be read.
    """
    with duckdb.connect() as con:
        con.execute(f"attach {literal(marts)} as marts (read_only)")
        rows = con.execute(
            "select run_id, coalesce(as_of_date::varchar, ''),"
            " strftime(started_at, '%Y%m%dT%H%M%S')"
            " from marts.metric_run_log where published order by run_number desc limit 1"
        ).fetchall()
    # a mart that was materialized by itself is of no run of the log
    return rows[0] if rows else ("unknown", "", "00000000T000000")


def _same(path: Path, other: Path) -> None:
    """A second name for a file, or a copy where the disk knows no such thing."""
    try:
        os.link(path, other)
    except OSError:
        shutil.copy2(path, other)
