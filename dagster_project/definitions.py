"""What Dagster loads: assembles, nothing else."""

from pathlib import Path

import dagster as dg

from .defs import dbt, gates, jobs, predictions, publish, raw, sensors
from .defs.progress import progress
from .defs.resources import Shop
from .settings import exports_file, warehouse_folder


def build(
    exports: Path, folder: Path, full_refresh: bool = False, prune: bool = False
) -> dg.Definitions:
    """The project over one shop's exports and warehouse."""
    published = publish.published.map_asset_specs(
        lambda spec: spec.replace_attributes(freshness_policy=jobs.EVERY_NIGHT)
    )
    return dg.Definitions(
        assets=[
            *raw.exports,
            raw.raw,
            dbt.staging,
            dbt.activity,
            predictions.predictions,
            dbt.marts,
            published,
        ],
        asset_checks=[gates.raw_gate, gates.staging_gate, gates.marts_gate],
        jobs=[jobs.nightly],
        schedules=[jobs.nightly_schedule],
        sensors=[sensors.new_files_sensor(exports)],
        resources={
            "shop": Shop(
                exports=str(exports), folder=str(folder), full_refresh=full_refresh, prune=prune
            )
        },
        loggers={"console": progress},
        # one writer: steps of one run follow each other in one process
        executor=dg.in_process_executor,
    )


defs = build(exports_file(), warehouse_folder())
