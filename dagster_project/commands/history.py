"""Where Dagster keeps the history of a shop's runs."""

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..exports.errors import ExportError
from ..settings import DAGSTER_YAML
from ..warehouse.files import Warehouse

if TYPE_CHECKING:
    import dagster as dg


def history(warehouse: Warehouse) -> Path:
    """The folder with dagster.yaml: DAGSTER_HOME, else one in the warehouse, made where it is not.

    Assets have the same names in every shop: shops with one history would show each other's rows.
    """
    if given := os.environ.get("DAGSTER_HOME"):
        return Path(given)
    folder = warehouse.dagster_home
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / DAGSTER_YAML.name).exists():
        shutil.copy(DAGSTER_YAML, folder)
    return folder


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
    with instance, _without_waiting():
        yield instance


@contextmanager
def _without_waiting() -> Iterator[None]:
    """No waiting for the disk at each event of a run: SQLite's default is to, twice and more.

    A process that is killed loses nothing; without power the newest events may be lost, no older
    ones. Dagster connects anew for each event, and where a connection is the last one to be
    closed, SQLite tidies the file up: one more is kept open to each file.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    held: dict[str, sqlite3.Connection] = {}

    def connected(connection: object, _: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("pragma synchronous = normal")
        file = connection.execute("pragma database_list").fetchone()[2]
        if file not in held:
            held[file] = sqlite3.connect(file, check_same_thread=False)
        held[file].execute("pragma schema_version").fetchone()  # it is open once it was read

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)
        for connection in held.values():
            connection.close()


def _reason(text: str) -> str:
    """What Dagster's error comes to: of a wrong setting, which it is."""
    found = re.search(r"\w+Error: (.+)", text) or re.search(r"Error \d+: (.+)", text)
    return found[1] if found else text.strip().splitlines()[0]
