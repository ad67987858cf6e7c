"""The nightly job, its schedule, and how old its results may become."""

import datetime as dt

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

#: One missed night is a warning, two are a failure, whether the schedule or the sensor runs it.
EVERY_NIGHT = dg.FreshnessPolicy.time_window(
    warn_window=dt.timedelta(hours=26), fail_window=dt.timedelta(hours=50)
)
