"""The one resource: a shop's exports and its warehouse, held by a lock for the whole run."""

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import PrivateAttr

from ..exports.config.load import ExportsConfig, load_config
from ..exports.errors import ExportError, WarehouseBusy
from ..exports.loading.base_currency import base_currency
from ..exports.loading.writing import Run
from ..quality.results import KEPT_RUNS
from ..settings import dbt_defaults
from ..warehouse.dbt_runner import Dbt
from ..warehouse.files import Warehouse

#: Metadata of a failure whose cause is the configuration or a file: `retention run` exits with 2.
USER_ERROR = "user_error"


#: Names the warehouse a run holds, so that a later one can see which runs died holding it.
WAREHOUSE_TAG = "retention/warehouse"


class Shop(dg.ConfigurableResource):
    """The exports to load and the warehouse to build."""

    exports: str
    folder: str
    full_refresh: bool = False
    prune: bool = False

    _run: Run = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Shop"]:
        run_id = context.run.run_id if context.run else "none"
        self._run = Run(run_id, dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0))
        with told(), self.warehouse.lock(run_id, (context.log or dg.get_dagster_logger()).info):
            if context.instance and context.run:
                report_the_dead(context.instance, run_id, self.folder)
                forget_old_history(context.instance, self.folder)
            yield self

    @property
    def run(self) -> Run:
        """The run in progress."""
        return self._run

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse on disk."""
        return Warehouse(Path(self.folder))

    @cached_property
    def config(self) -> ExportsConfig:
        """The validated `exports.yml`."""
        return load_config(Path(self.exports))

    @cached_property
    def variables(self) -> dict[str, Any]:
        """dbt's vars: the project's defaults, the shop's settings, and its only currency."""
        given = {**dbt_defaults(), **self.config.dbt_vars()}
        if not given["base_currency"]:
            with self.warehouse.connect() as con:
                given["base_currency"] = base_currency(con, self.config)
        return given

    @cached_property
    def dbt(self) -> Dbt:
        """dbt over this warehouse; asked for once the exports are loaded."""
        return Dbt(self.warehouse.build_file, self.warehouse.dbt_target, self.variables)


def report_the_dead(instance: dg.DagsterInstance, run_id: str, folder: str) -> None:
    """Mark killed runs as failed: whoever holds the lock is the only run of this warehouse.

    Dagster takes a killed run for one in progress, and would let no other start.
    """
    instance.add_run_tags(run_id, {WAREHOUSE_TAG: folder})
    in_progress = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
    held = dg.RunsFilter(tags={WAREHOUSE_TAG: folder}, statuses=in_progress)
    for run in instance.get_runs(held):
        if run.run_id != run_id:
            instance.report_run_failed(run, "The run was killed; the next one found its lock free.")


def forget_old_history(instance: dg.DagsterInstance, folder: str, keep: int = KEPT_RUNS) -> None:
    """Delete all but the newest runs of this warehouse from Dagster's history, logs and all.

    Each is some megabytes. Materializations that only they tell of are forgotten with them; what
    was published stands in `metric_run_log`.
    """
    of_this = instance.get_runs(dg.RunsFilter(tags={WAREHOUSE_TAG: folder}))
    for run in of_this[keep:]:
        if not run.is_finished:
            continue
        instance.delete_run(run.run_id)
        if instance.is_persistent:  # of both Dagster would leave an empty one
            shutil.rmtree(Path(instance.storage_directory()) / run.run_id, ignore_errors=True)
            events = Path(instance.root_directory) / "history/runs" / f"{run.run_id}.db"
            events.unlink(missing_ok=True)


@contextmanager
def told() -> Iterator[None]:
    """Turn an error that the user can mend into a failure that says so, without a stack trace."""
    try:
        yield
    except (ExportError, WarehouseBusy) as error:
        raise dg.Failure(
            description=str(error), metadata={USER_ERROR: True}, allow_retries=False
        ) from error
