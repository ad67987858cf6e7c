"""A folder of exports and the loader alone: what becomes of files before any model is built."""

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import yaml

from dagster_project.exports.config.load import ExportsConfig, load_config
from dagster_project.exports.loading.loader import Loaded, Run, load_export, prepare

COLUMNS = {"order_id": "id", "customer_id": "who", "ordered_at": "at", "amount": "sum"}


def at(*parts: int) -> dt.datetime:
    """A moment as raw holds it: UTC, without saying so."""
    return dt.datetime(*parts, tzinfo=dt.UTC).replace(tzinfo=None)  # type: ignore[misc, arg-type]


class Shop:
    """A folder of exports and the warehouse they are loaded into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = duckdb.connect()
        self.runs = 0

    def write(self, name: str, content: str | bytes) -> Path:
        """Put a file into the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def parquet(self, name: str, query: str) -> Path:
        """Put the answer of a query into the folder."""
        path = self.folder / name
        duckdb.sql(f"copy ({query}) to '{path}' (format parquet)")
        return path

    def config(self, exports: dict[str, Any], **rest: Any) -> ExportsConfig:
        """Write and read `exports.yml`."""
        path = self.folder / "exports.yml"
        path.write_text(
            yaml.safe_dump({"exports": exports} | rest, allow_unicode=True), encoding="utf-8"
        )
        return load_config(path)

    def read(self, name: str) -> ExportsConfig:
        """Read a configuration in the folder; each of its files is there."""
        config = load_config(self.folder / name)
        for export in config.exports:
            config.files(export)
        return config

    def load(
        self,
        files: str | list[str] = "*.csv",
        export: str = "orders",
        force: bool = False,
        prune: bool = False,
        **options: Any,
    ) -> Loaded:
        """Load an export in a run of its own."""
        config = self.config({export: {"files": files, "columns": COLUMNS} | options})
        return self.load_config(config, export, force, prune)

    def load_config(
        self, config: ExportsConfig, export: str, force: bool = False, prune: bool = False
    ) -> Loaded:
        """Load an export as a configuration has it."""
        self.runs += 1
        prepare(self.con, config)
        run = Run(f"run{self.runs}", at(2024, 6, self.runs, 12))
        return load_export(self.con, config, export, run, force=force, prune=prune)

    def ask(self, sql: str, *parameters: Any) -> list[tuple]:
        """Rows of a query."""
        return self.con.execute(sql, list(parameters)).fetchall()

    def orders(
        self, columns: str = "_line, order_id, customer_id, ordered_at, amount"
    ) -> list[tuple]:
        """Columns of raw.orders, in the order of file and line."""
        return self.ask(f"select {columns} from raw.orders order by _file, _line")

    def values(self, column: str) -> list[Any]:
        """One column of raw.orders."""
        return [value for (value,) in self.orders(column)]

    def rejects(self) -> list[tuple]:
        """File, line, column and reason of what could not be read."""
        return self.ask(
            'select _file, _line, "column", reason from ledger.rejects order by _file, _line'
        )
