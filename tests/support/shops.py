"""Small shops through the real line: the Dagster job that the command and the UI run."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import yaml

from dagster_project.definitions import build
from dagster_project.settings import DAGSTER_YAML, OFFLINE, ROOT
from dagster_project.warehouse.files import Warehouse

#: Data sets and cases that come with the project; its README says whence and by what leave.
DATA_SETS = ROOT / "tests/data"
#: How the orders of a small shop are mapped, whatever its files are called.
ORDERS_MAPPED = {
    "currency": "EUR",
    "columns": {"order_id": "no", "customer_id": "who", "ordered_at": "at", "amount": "total"},
}


@dataclass(frozen=True)
class Shop:
    """A shop whose marts are published in its warehouse."""

    warehouse: Warehouse

    @contextmanager
    def marts(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published marts, read-only, as a user opens them."""
        with duckdb.connect(str(self.warehouse.marts_file), read_only=True) as con:
            yield con

    def query(self, sql: str, *parameters: Any) -> list[tuple]:
        """Rows of a query on the published marts."""
        with self.marts() as con:
            return con.execute(sql, list(parameters)).fetchall()


@dataclass(frozen=True)
class ShopRun(Shop):
    """A run of the nightly job over a shop, and what came of it."""

    result: dg.ExecuteInProcessResult


def dagster_home(folder: Path) -> Path:
    """The folder as a DAGSTER_HOME with the project's own settings."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dagster.yaml").exists():
        shutil.copy(DAGSTER_YAML, folder)
    return folder


def preset(name: str, data: Path) -> dict[str, Any]:
    """The preset of this name, for files that lie in another folder, a large one in parts."""
    config = yaml.safe_load((ROOT / f"data/presets/{name}.yml").read_text(encoding="utf-8"))
    for export in config["exports"].values():
        whole = data / export["files"]
        is_there = any(data.glob(whole.name))
        export["files"] = str(whole if is_there else whole.with_stem(f"{whole.stem}_*"))
    return config | {"settings": config.get("settings", {}) | {"files_outside_folder": True}}


def run_shop(folder: Path, config: dict[str, Any], full_refresh: bool = False) -> ShopRun:
    """Write `exports.yml` into the folder and run the nightly job on it."""
    exports = folder / "exports.yml"
    exports.write_text(
        yaml.safe_dump(config, sort_keys=False, allow_unicode=True), encoding="utf-8"
    )
    return run_file(exports, folder / "warehouse", full_refresh)


def run_file(exports: Path, warehouse: Path, full_refresh: bool = False) -> ShopRun:
    """Run the nightly job on an `exports.yml`."""
    return _executed(build(exports, warehouse, full_refresh).resolve_job_def("nightly"), warehouse)


def materialize(shop: Shop, selection: dg.AssetSelection) -> ShopRun:
    """Materialize and check what is selected and nothing else, as the UI's button does."""
    folder = shop.warehouse.folder
    selected = dg.Definitions(jobs=[dg.define_asset_job("selected", selection)])
    project = build(folder.parent / "exports.yml", folder)
    return _executed(dg.Definitions.merge(project, selected).resolve_job_def("selected"), folder)


def _executed(job: dg.JobDefinition, warehouse: Path) -> ShopRun:
    os.environ.update(OFFLINE)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {}}},
        )
    return ShopRun(Warehouse(warehouse), result)
