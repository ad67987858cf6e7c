"""Exports to marts without Dagster and gates: for the tests of figures, which need neither."""

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

from dagster_project.defs.resources import Shop as Resource
from dagster_project.exports.contract import load_contract
from dagster_project.exports.loading.loader import Run, load_export, prepare
from dagster_project.exports.loading.missing_days import note_missing_days
from dagster_project.predictions.purchases import predict
from dagster_project.predictions.renewals import project as forecast_renewals
from dagster_project.predictions.tables import Forecasts, tables
from dagster_project.warehouse import builds, project
from dagster_project.warehouse.dbt_runner import NodeResult
from dagster_project.warehouse.files import Warehouse
from dagster_project.warehouse.history import note_definitions, prepare_history
from dagster_project.warehouse.publish import publish

from .shops import Shop, run_file

Files = dict[str, str]


def build_shop(folder: Path, config: dict[str, Any], *marts: str) -> Shop:
    """Write `exports.yml` into the folder and publish its marts: all of them if none is named.

    Whatever else is said of a run, by its gates and to Dagster, is what `run_shop` is there for.
    """
    line = Line(folder)
    line.deliver(config, {})
    line.run(marts=marts)
    line.publish()
    return Shop(line.warehouse)


class Line:
    """A shop in a folder, and the stages of its run one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = Warehouse(folder / "warehouse")
        self.warehouse.folder.mkdir(parents=True)
        self._runs = 0
        self._marts: tuple[str, ...] = ()

    def run(self, whole: bool = False, tested: bool = True, marts: tuple[str, ...] = ()) -> None:
        """Bring the warehouse up to date; `whole` is the job itself.

        Unless it is `tested`, dbt's tests of the data are left out. Where `marts` are named, only
        these are built and what they are made of, which must not be a forecast.
        Raises AssertionError where a model or a test of dbt's fails, or the job does.
        """
        exports = self.folder / "exports.yml"
        if whole:
            assert run_file(exports, self.warehouse.folder).result.success
            return
        self._runs += 1
        self._marts = (*marts, "metric_run_log") if marts else ()
        run = Run(self.run_id, dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0))
        shop = Resource(exports=str(exports), folder=str(self.warehouse.folder))
        contract = load_contract()
        with self.warehouse.connect() as con:
            prepare(con, shop.config)
            prepare_history(con, self.warehouse.marts_file, run)
            for name in contract.tables:
                load_export(con, shop.config, name, run)
                builds.note_raw(con, name)
            note_missing_days(con, shop.config)
            note_definitions(con, run, shop.dbt.definitions, shop.variables)
            for name in contract.ledger:
                builds.note_ledger(con, name)
        wanted = _of(self._marts)
        results = _built(shop, wanted, tested, "staging", "core")
        if not marts:
            with self.warehouse.connect() as con:
                into = Forecasts(con)
                predict(into, shop.variables)
                forecast_renewals(into, shop.variables)
                forecasts = [f"predictions.{name}" for name in tables()]
                builds.finish(con, forecasts, shop.dbt.definitions)
        results += _built(shop, wanted, tested, "marts")
        broken = [f"{r.name}: {r.message}" for r in results if not r.passed]
        assert not broken, "\n".join(broken)
        self.definitions = shop.dbt.definitions

    @property
    def run_id(self) -> str:
        """The newest run."""
        return f"run {self._runs}"

    def publish(self) -> None:
        """Publish what the newest run built."""
        publish(self.warehouse, self.run_id, self.definitions, self._marts)

    def start_anew(self) -> None:
        """Forget the warehouse."""
        for file in self.folder.glob("warehouse/*.duckdb*"):
            file.unlink()

    def deliver(self, config: dict[str, Any], files: Files) -> None:
        """Put files, and the configuration that names them, where they are looked for."""
        (self.folder / "exports.yml").write_text(yaml.safe_dump(config, sort_keys=False))
        for name, text in files.items():
            (self.folder / name).write_text(text)

    def clear(self) -> None:
        """Take every file away."""
        for file in self.folder.glob("*.csv"):
            file.unlink()


def _of(marts: tuple[str, ...]) -> set[str]:
    """The models that these marts are made of, and the marts; all there are if none is named."""
    tables = project.tables()
    if not marts:
        return set(tables)
    named = [key for key, node in tables.items() if node["name"] in marts]
    return set(tables) & project.with_ancestors(named).keys()


def _built(shop: Resource, wanted: set[str], tested: bool, *steps: str) -> list[NodeResult]:
    """What dbt made of the wanted models of these steps, and of their tests."""
    tables = project.tables()
    nodes = [key for key in wanted if project.step(tables[key]) in steps]
    return list(shop.dbt.build([*nodes, *(project.tests_of(nodes) if tested else ())]))
