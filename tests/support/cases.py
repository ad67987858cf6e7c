"""Small cases by the hundred: a folder of files each, all of them in one process.

A load case stops after staging: `stage`. A figure case builds the marts it asks for and what they
are made of: `figures`. Both load with the real loader and build with dbt, whose project is parsed
once a process and cut once for each choice of marts. dbt's tests of the data are for whole runs.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .line import Line
from .shops import Shop


@dataclass(frozen=True)
class Staged:
    """A shop whose exports are loaded and staged."""

    line: Line

    def query(self, sql: str, *parameters: Any) -> list[tuple]:
        """Rows of a query on the build file: `raw.*`, `ledger.*`, `staging.*`."""
        with self.line.warehouse.connect() as con:
            return con.execute(sql, list(parameters)).fetchall()

    def rejects(self) -> list[tuple]:
        """File, line, column, reason and value of every row that could not be read."""
        return self.query(
            'select _file, _line, "column", reason, value from ledger.rejects order by all'
        )

    def statuses(self, export_rows: str) -> dict[str, int]:
        """Rows by what became of them in a table such as `stg_order_rows`."""
        return dict(
            self.query(f"select row_status, count(*) from staging.{export_rows} group by 1")
        )


def stage(folder: Path, room: Path) -> Staged:
    """Load the exports of a folder and build their staging models, in a room of the test's own."""
    line = Line(_copied(folder, room))
    line.stage()
    return Staged(line)


def figures(folder: Path, room: Path, *marts: str) -> Shop:
    """Load the exports of a folder and publish these marts, in a room of the test's own."""
    return published(folder, room, *marts)[0]


def published(folder: Path, room: Path, *marts: str) -> tuple[Shop, Staged]:
    """Do so, and keep what the marts are made of too."""
    line = Line(_copied(folder, room))
    line.run(tested=False, marts=marts)
    line.publish()
    return Shop(line.warehouse), Staged(line)


def plain(rows: list[tuple]) -> list[list[Any]]:
    """Rows as JSON has them: figures as numbers, days and moments as ISO text."""
    return [[_plain(value) for value in row] for row in rows]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return float(value)


def expected(folder: Path) -> dict[str, Any]:
    """The `expected.json` of a case: `checks` with queries and rows, and the reasoning."""
    return json.loads((folder / "expected.json").read_text(encoding="utf-8"))


def _copied(folder: Path, room: Path) -> Path:
    """The folder again where a warehouse may stand beside it."""
    return Path(shutil.copytree(folder, room / folder.name))
