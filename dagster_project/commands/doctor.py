"""`retention doctor`: is the machine fit, are the exports right, is the warehouse whole?

Nothing is changed. A finding is a line: what was looked at, what was seen, and, where something is
to be done, what. No value of an export is shown.
"""

import datetime as dt
import fcntl
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import duckdb
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from ..exports.config.load import ExportsConfig, load_config
from ..exports.errors import ExportError
from ..exports.loading.deliveries import delivery_date, file_date
from ..exports.sql import literal
from ..settings import DEMO_EXPORTS, ROOT
from ..warehouse.files import Warehouse, is_held
from .run import names_demo
from .terminal.exit_codes import GREEN, USER_ERROR

#: What decides whether a run works at all; the lock has the other libraries.
LIBRARIES = ("duckdb", "dbt-core", "dbt-duckdb", "dagster", "dagster-dbt", "great-expectations")
#: Room that a run needs even for a small shop, and what it needs in memory besides DuckDB.
ROOM, BESIDES = 10**9, 10**9
#: Days after which a newest file is told, where exports.yml does not say (max_days_without_rows).
STALE_DAYS = 7
_POWERS = " KMGT"
_RUNS = 3


@dataclass(frozen=True)
class Finding:
    """What was looked at and seen; `remedy` is empty where all is well."""

    what: str
    seen: str
    remedy: str = ""


def examine(exports: Path, warehouse: Warehouse, today: dt.date | None = None) -> Iterator[Finding]:
    """Everything that can be wrong before a run, and with what the last ones left."""
    yield from _environment(ROOT / "pyproject.toml")
    yield from _machine(warehouse)
    yield from _exports(exports, today or dt.datetime.now(dt.UTC).date())
    yield from _lock(warehouse)
    yield from _files(warehouse)
    yield from _runs(warehouse)


def tell(findings: Iterator[Finding]) -> int:
    """Print the findings as they come; the exit code."""
    open_ones = 0
    for finding in findings:
        open_ones += bool(finding.remedy)
        mark = "to do" if finding.remedy else "ok"
        print(f"{mark:<6} {finding.what:<18} {finding.seen}")
        if finding.remedy:
            print(f"{'':<6} {'':<18} -> {finding.remedy}", flush=True)
    print(f"\n{open_ones} to do" if open_ones else "\nall is well")
    return USER_ERROR if open_ones else GREEN


def _environment(pyproject: Path) -> Iterator[Finding]:
    asked = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        "python",
        python,
        ""
        if python in SpecifierSet(asked["requires-python"])
        else f"Python {asked['requires-python']} is needed: make setup PYTHON=python3.12",
    )
    wanted = {each.name: each for each in map(Requirement, asked["dependencies"])}
    for library in LIBRARIES:
        specifier = wanted[library].specifier
        try:
            found = version(library)
        except PackageNotFoundError:
            found = "not installed"
        is_right = found != "not installed" and found in specifier
        remedy = "" if is_right else f"{specifier} is asked for: make setup"
        yield Finding(library, found, remedy)


def _machine(warehouse: Warehouse) -> Iterator[Finding]:
    there = _nearest_folder(warehouse.folder)
    free = shutil.disk_usage(there).free
    # a run writes new marts beside the old ones, and may work on disk as long as the build is
    held = sum(
        file.stat().st_size
        for file in (warehouse.build_file, warehouse.marts_file)
        if file.exists()
    )
    needed = max(ROOM, 2 * held)
    yield Finding(
        "disk",
        f"{_size(free)} free in {there}",
        "" if free >= needed else f"make room: a run may need {_size(needed)}",
    )
    memory, limit = _memory(), os.environ.get("RETENTION_MEMORY", "3GB")
    if (allowed := _bytes(limit)) is None:
        yield Finding(
            "memory",
            f"RETENTION_MEMORY is {limit}",
            "write it with a unit, as in RETENTION_MEMORY=3GB",
        )
    else:
        fits = memory >= allowed + BESIDES
        fitting = max(1, (memory - BESIDES) // 10**9)
        remedy = f"a run may take {limit} and 1 GB more: set RETENTION_MEMORY={fitting}GB"
        yield Finding("memory", f"{_size(memory)}, models use {limit}", "" if fits else remedy)
    home = Path(os.environ.get("DAGSTER_HOME", warehouse.folder))
    for folder in dict.fromkeys((warehouse.folder, home)):
        is_there = _nearest_folder(folder)
        may = os.access(is_there, os.R_OK | os.W_OK | os.X_OK)
        remedy = "" if may else f"let this user read and write {is_there}"
        yield Finding("rights", str(folder), remedy)


def _nearest_folder(path: Path) -> Path:
    """The folder, or the one above it that a run would make it in."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def _memory() -> int:
    """What the machine has, or its container may use."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        limit = Path(name)
        if limit.is_file() and (text := limit.read_text(encoding="utf-8").strip()).isdigit():
            memory = min(memory, int(text))
    return memory


def _bytes(text: str) -> int | None:
    """A size as DuckDB takes it: 3GB, 2.5 GiB."""
    given = re.fullmatch(r"([\d.]+)\s*([KMGT]?)(i?)B", text.strip(), re.IGNORECASE)
    if given is None:
        return None
    base = 1024 if given[3] else 1000
    return int(float(given[1]) * base ** _POWERS.index(given[2].upper() or " "))


def _size(count: int) -> str:
    return f"{count / 10**9:.1f} GB"


def _exports(path: Path, today: dt.date) -> Iterator[Finding]:
    is_demo = names_demo(path)
    if is_demo and not DEMO_EXPORTS.is_dir():
        yield Finding("exports.yml", "names the demo shop", "draw it: retention check")
        return
    try:
        config = load_config(path)
        config.setting_files()
    except ExportError as error:
        yield Finding("exports.yml", str(path), f"{error}")
        return
    yield Finding("exports.yml", f"{path}: {', '.join(config.exports)}")
    for (export, setting), said in config.todos().items():
        where = setting if export == "settings" else f"{export}.{setting}"
        yield Finding("TODO", where, f"decide, and take the comment out: {said}".rstrip(": "))
    # of a time that is over nothing new is to come
    until = None if is_demo else min(today, config.settings.as_of_date or today)
    for name in config.exports:
        yield _newest(config, name, until)


def _newest(config: ExportsConfig, name: str, until: dt.date | None) -> Finding:
    """Whether files of an export may be read, and whether they have come up to a day."""
    try:
        files = config.files(name)
    except ExportError as error:
        return Finding(name, "no files", str(error))
    closed = [file for file, path in files.items() if not os.access(path, os.R_OK)]
    if closed:
        return Finding(name, f"{len(closed)} of {len(files)} files cannot be read",
                       f"let this user read {closed[0]}")  # fmt: skip
    told = config.exports[name].delivered_at
    newest = max(
        told or delivery_date(file, files) or file_date(path) for file, path in files.items()
    )
    days = (until - newest).days if until else 0
    limit = config.settings.max_days_without_rows or STALE_DAYS
    remedy = (
        f"{days} days old, more than {limit}: see why nothing new comes, or raise"
        " settings.max_days_without_rows"
    )
    return Finding(name, f"{len(files)} files, the newest of {newest}", remedy * (days > limit))


def _lock(warehouse: Warehouse) -> Iterator[Finding]:
    file = warehouse.folder / "lock"
    if not file.exists():
        return
    try:
        with file.open("r+", encoding="utf-8") as opened:
            holder = opened.read()
            try:
                fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield Finding("lock", f"held by {holder or 'a run'}")
                return
    except OSError as error:
        yield Finding("lock", str(file), f"{error.strerror}: let this user read and write it")
        return
    if holder:
        yield Finding("lock", f"{holder} was killed", "run again: it takes up what was left")
    else:
        yield Finding("lock", "free")


def _files(warehouse: Warehouse) -> Iterator[Finding]:
    if not warehouse.folder.exists():
        yield Finding("warehouse", f"{warehouse.folder}: not there yet", "make it: retention run")
        return
    again = "move it away, and the next run makes a new one"
    for file, remedy in (
        (warehouse.marts_file, f"{again}; until then: retention rollback"),
        (warehouse.build_file, f"{again} from the exports"),
    ):
        yield _database(file, remedy)
    for kept in sorted(warehouse.kept_folder.glob("*.duckdb")):
        if (found := _database(kept, "it cannot be gone back to: delete it")).remedy:
            yield found
    if not warehouse.report_file.exists():
        yield Finding("report", "not there", "make it: retention report")
    elif warehouse.marts_file.exists() and (
        warehouse.report_file.stat().st_mtime < warehouse.marts_file.stat().st_mtime
    ):
        yield Finding("report", "older than the marts", "make it anew: retention report")
    else:
        yield Finding("report", str(warehouse.report_file))


def _database(file: Path, remedy: str) -> Finding:
    if not file.exists():
        return Finding(file.name, "not there", "make it: retention run")
    try:
        with duckdb.connect() as con:
            con.execute(f"attach {literal(file)} as seen (read_only)")
            ((tables,),) = con.execute(
                "select count(*) from duckdb_tables() where database_name = 'seen'"
            ).fetchall()
    except duckdb.Error as error:
        if is_held(file):
            return Finding(file.name, "open in another program")
        return Finding(file.name, f"damaged ({str(error).splitlines()[0]})", remedy)
    return Finding(file.name, f"{tables} tables, {_size(file.stat().st_size)}")


def _runs(warehouse: Warehouse) -> Iterator[Finding]:
    """The last runs that the published marts know of, and whether a later one was red."""
    if not warehouse.marts_file.exists():
        return
    try:
        with duckdb.connect() as con:
            con.execute(f"attach {literal(warehouse.marts_file)} as marts (read_only)")
            runs = con.execute(
                "select run_id, started_at, published, checks_failed, as_of_date"
                " from marts.metric_run_log order by run_number desc"
            ).fetchall()
    except duckdb.Error:
        return  # told above
    for _, started_at, published, failed, as_of in runs[:_RUNS]:
        ended = f"published, up to {as_of}" if published else f"not published, {failed} checks red"
        yield Finding("run", f"{started_at:%Y-%m-%d %H:%M} UTC: {ended}")
    known = {run[0] for run in runs}
    later = [
        folder.name
        for folder in sorted(warehouse.checks_folder.glob("*"), key=lambda p: p.stat().st_mtime)
        if runs and folder.stat().st_mtime > runs[0][1].replace(tzinfo=dt.UTC).timestamp()
    ]
    if later and later[-1] not in known:
        yield Finding(
            "run",
            f"a later one was not published ({later[-1][:8]})",
            f"see {warehouse.docs_folder / 'index.html'}, or: retention rejects",
        )
