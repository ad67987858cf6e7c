"""Where Dagster keeps the history of a shop's runs."""

import os
import re
import shutil
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..exports.errors import ExportError
from ..settings import DAGSTER_YAML
from ..warehouse.files import Warehouse

if TYPE_CHECKING:
    import dagster as dg

#: How long an event waits for another process that writes to the same file.
BUSY_SECONDS = 30


def history(warehouse: Warehouse) -> Path:
    """The folder with dagster.yaml: DAGSTER_HOME, else one in the warehouse, made where it is not.

    Assets have the same names in every shop: shops with one history would show each other's rows.
    """
    if given := os.environ.get("DAGSTER_HOME"):
        folder = Path(given)
    else:
        folder = warehouse.dagster_home
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / DAGSTER_YAML.name).exists():
            shutil.copy(DAGSTER_YAML, folder)
    _put_damaged_aside(folder)
    return folder


def _put_damaged_aside(folder: Path) -> None:
    """A history file that SQLite cannot read is in no run's way: it is named, and begun anew.

    Of a large one the damage may be met in the middle of a run only: so each is read through, which
    takes milliseconds.
    """
    for path in sorted([*folder.glob("history/**/*.db"), *folder.glob("schedules/*.db")]):
        if _is_damaged(path):
            for log in (f"{path}-wal", f"{path}-shm"):  # SQLite would write it into the new one
                Path(log).unlink(missing_ok=True)
            path.replace(aside := path.with_name(f"{path.name}.damaged"))
            print(f"! {path}: damaged, and begun anew; it is kept as {aside.name}", file=sys.stderr)


def _is_damaged(path: Path) -> bool:
    try:
        read_only = path.resolve().as_uri() + "?mode=ro"
        with closing(sqlite3.connect(read_only, timeout=0, uri=True)) as con:
            return con.execute("pragma quick_check(1)").fetchall() != [("ok",)]
    except sqlite3.DatabaseError as error:
        # others are of one that is busy, gone or out of reach, and are told where it is needed
        return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


@contextmanager
def opened(warehouse: Warehouse) -> Iterator["dg.DagsterInstance"]:
    """The history, to write to. Raises ExportError where it cannot be opened, and why."""
    import dagster as dg

    home = history(warehouse)
    try:
        instance = dg.DagsterInstance.from_config(str(home))
    except Exception as error:  # whatever store dagster.yaml names, with errors of its own
        said = _reason(str(error.__cause__ or error))
        raise ExportError(
            f"{home / DAGSTER_YAML.name}: the history of runs cannot be opened ({said}); start the"
            " database that it names, or correct it"
        ) from error
    with instance, _without_waiting(instance.event_log_storage):
        yield instance


@contextmanager
def _without_waiting(log: object) -> Iterator[None]:
    """Each file of a log of events is opened once a run, and no event waits for the disk.

    Dagster connects anew for every event, several times, and has SQLAlchemy put the same
    statements together anew; SQLite waits for the disk at each of them, and tidies the file up
    where the last connection to it is closed. A process that is killed loses nothing; without
    power the newest events may be lost, no older ones.
    """
    from dagster._core.storage.event_log import SqliteEventLogStorage
    from sqlalchemy import Connection, create_engine

    if not isinstance(log, SqliteEventLogStorage):
        yield
        return
    anew, has_table = log._connect, log.has_table
    lock = threading.Lock()
    kept: dict[str, Connection] = {}
    with ExitStack() as stack:

        @contextmanager
        def connected(shard: str) -> Iterator[Connection]:
            with lock:
                if shard not in kept:
                    with anew(shard):
                        pass  # it makes the file where there is none
                    engine = create_engine(
                        log.conn_string_for_shard(shard),
                        connect_args={"check_same_thread": False, "timeout": BUSY_SECONDS},
                    )
                    stack.callback(engine.dispose)
                    kept[shard] = stack.enter_context(engine.connect())
                    kept[shard].exec_driver_sql("pragma synchronous = normal")
                    kept[shard].commit()
                with kept[shard].begin():
                    yield kept[shard]

        log._connect = connected  # type: ignore[method-assign]
        log.has_table = cache(has_table)  # type: ignore[method-assign]
        try:
            yield
        finally:
            log._connect = anew  # type: ignore[method-assign]
            log.has_table = has_table  # type: ignore[method-assign]


def _reason(text: str) -> str:
    """What Dagster's error comes to: of a wrong setting, which it is."""
    found = re.search(r"\w+Error: (.+)", text) or re.search(r"Error \d+: (.+)", text)
    return found[1] if found else text.strip().splitlines()[0]
