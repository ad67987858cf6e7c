"""What Dagster loads: assembles, nothing else."""

from pathlib import Path

import dagster as dg

from .defs import dbt_assets, gates, predictions, publish, raw, report, schedule, sensors
from .defs.alerts import alert_sensors
from .defs.console import Plain, console
from .defs.resources import Shop
from .settings import exports_file, warehouse_folder


def build(
    exports: Path,
    folder: Path,
    full_refresh: bool = False,
    prune: bool = False,
    logger: dg.LoggerDefinition | None = None,
) -> dg.Definitions:
    """The project over one shop's exports and warehouse; `logger` is what its runs are told to."""
    return dg.Definitions(
        assets=[
            *raw.exports,
            raw.raw,
            dbt_assets.staging,
            dbt_assets.core,
            predictions.predictions,
            dbt_assets.marts,
            publish.published,
            report.report,
        ],
        asset_checks=[gates.raw_gate, gates.staging_gate, gates.marts_gate],
        jobs=[schedule.nightly],
        schedules=[schedule.nightly_schedule],
        sensors=[sensors.new_files_sensor(exports), *alert_sensors(str(folder))],
        resources={
            "shop": Shop(
                exports=str(exports), folder=str(folder), full_refresh=full_refresh, prune=prune
            )
        },
        loggers={"console": logger or console(Plain())},
        # one writer: steps of one run follow each other in one process
        executor=dg.in_process_executor,
    )


defs = build(exports_file(), warehouse_folder())
