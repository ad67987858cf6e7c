"""Exports to marts without Dagster and gates: for the tests of figures, which need neither."""

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

from dagster_project.defs.dbt_assets import CORE, MARTS, STAGING
from dagster_project.defs.resources import Shop as Resource
from dagster_project.exports.contract import load_contract
from dagster_project.exports.loading.loader import Run, load_export, prepare
from dagster_project.exports.loading.missing_days import note_missing_days
from dagster_project.predictions.purchases import predict
from dagster_project.predictions.renewals import project
from dagster_project.warehouse.dbt_runner import Dbt, project_digest
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
        with self.warehouse.connect() as con:
            prepare(con, shop.config)
            prepare_history(con, self.warehouse.marts_file, run)
            for name in load_contract().tables:
                load_export(con, shop.config, name, run)
            note_missing_days(con, shop.config)
            variables = shop.variables
            note_definitions(con, run, project_digest(), variables)
        dbt = Dbt(self.warehouse.build_file, self.warehouse.dbt_target, variables)
        results = dbt.build(_of(f"{STAGING} {CORE}", self._marts), tested=tested)
        if not marts:
            with self.warehouse.connect() as con:
                predict(con, variables)
                project(con, variables)
        results += dbt.build(_of(MARTS, self._marts), tested=tested)
        broken = [f"{r.name}: {r.message}" for r in results if not r.passed]
        assert not broken, "\n".join(broken)
        dbt.mark_built()

    @property
    def run_id(self) -> str:
        """The newest run."""
        return f"run {self._runs}"

    def publish(self) -> None:
        """Publish what the newest run built."""
        publish(self.warehouse, self.run_id, self._marts)

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


def _of(stages: str, marts: tuple[str, ...]) -> str:
    """A selection of dbt's: of these stages, what the marts and the log of runs are made of."""
    if not marts:
        return stages
    return " ".join(f"{stage},+{mart}" for stage in stages.split() for mart in marts)
