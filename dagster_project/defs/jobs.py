"""The nightly job and its schedule."""

import dagster as dg

nightly = dg.define_asset_job(
    "nightly",
    selection=dg.AssetSelection.all(),
    description="Exports to published marts, whole; what `retention run` runs.",
)

nightly_schedule = dg.ScheduleDefinition(
    name="every_night",
    job=nightly,
    cron_schedule="0 4 * * *",
    description="At four in the night, UTC, after the shops' exports have arrived.",
)
