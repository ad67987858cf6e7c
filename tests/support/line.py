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

from .parts import Part, made_of, needs_forecasts, staged_of
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
        #: What time its runs think it is, the right one if None.
        self.clock: dt.datetime | None = None

    def run(self, whole: bool = False, tested: bool = True, marts: tuple[str, ...] = ()) -> None:
        """Bring the warehouse up to date; `whole` is the job itself.

        Unless it is `tested`, dbt's tests of the data are left out. Where `marts` are named, only
        these are built and what they are made of.
        Raises AssertionError where a model or a test of dbt's fails, or the job does.
        """
        if whole:
            exports = self.folder / "exports.yml"
            assert run_file(exports, self.warehouse.folder).result.success
            return
        self._marts = (*marts, "metric_run_log") if marts else ()
        wanted = made_of(self._marts)
        shop = self._load()
        dbt = self._dbt(shop, wanted, tested)
        if not needs_forecasts(wanted):
            results = _built(dbt, wanted, tested, *project.STEPS)
        else:
            results = _built(dbt, wanted, tested, "staging", "core")
            with self.warehouse.connect() as con:
                into = Forecasts(con)
                predict(into, shop.variables)
                forecast_renewals(into, shop.variables)
                forecasts = [f"predictions.{name}" for name in tables()]
                builds.finish(con, forecasts, dbt.definitions)
            results += _built(dbt, wanted, tested, "marts")
        _assert_held(results)
        self.dbt = shop.dbt

    def stage(self) -> None:
        """Load the exports and build the staging models that they alone fill, nothing else."""
        shop = self._load()
        wanted = staged_of(set(shop.config.exports))
        dbt = self._dbt(shop, wanted, tested=False)
        _assert_held(_built(dbt, wanted, False, "staging"))

    def _load(self) -> Resource:
        """Load the exports; the return value is the shop with its configuration."""
        self._runs += 1
        now = self.clock or dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        run = Run(self.run_id, now)
        shop = Resource(exports=str(self.folder / "exports.yml"), folder=str(self.warehouse.folder))
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
        return shop

    def _dbt(self, shop: Resource, wanted: set[str], tested: bool) -> Part:
        """dbt of the shop, over these models and, where they are `tested`, their tests."""
        nodes = wanted | set(project.tests_of(wanted) if tested else ())
        return Part(shop.dbt.database, shop.dbt.target, shop.dbt.settings, frozenset(nodes))

    @property
    def run_id(self) -> str:
        """The newest run."""
        return f"run {self._runs}"

    def publish(self) -> None:
        """Publish what the newest run built."""
        publish(self.warehouse, self.run_id, self.dbt, self._marts)

    def start_anew(self) -> None:
        """Forget the warehouse."""
        for file in self.folder.glob("warehouse/*.duckdb*"):
            file.unlink()

    def deliver(self, config: dict[str, Any], files: Files) -> None:
        """Put files, and the configuration that names them, where they are looked for."""
        (self.folder / "exports.yml").write_text(
            yaml.safe_dump(config, sort_keys=False), encoding="utf-8"
        )
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")

    def clear(self) -> None:
        """Take every file away."""
        for file in self.folder.glob("*.csv"):
            file.unlink()


def _built(dbt: Part, wanted: set[str], tested: bool, *steps: str) -> list[NodeResult]:
    """What dbt made of the wanted models of these steps, and of their tests."""
    models = project.tables()
    nodes = [key for key in wanted if project.step(models[key]) in steps]
    return list(dbt.build([*nodes, *(project.tests_of(nodes) if tested else ())]))


def _assert_held(results: list[NodeResult]) -> None:
    broken = [f"{r.name}: {r.message}" for r in results if not r.passed]
    assert not broken, "\n".join(broken)
