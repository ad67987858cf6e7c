"""Where Dagster keeps the history of a shop's runs."""

import os
import re
import shutil
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
    with instance:
        yield instance


def _reason(text: str) -> str:
    """What Dagster's error comes to: of a wrong setting, which it is."""
    found = re.search(r"\w+Error: (.+)", text) or re.search(r"Error \d+: (.+)", text)
    return found[1] if found else text.strip().splitlines()[0]
