"""The sensor that starts a run when files arrive."""

import hashlib
import json
from pathlib import Path

import dagster as dg

from ..exports.config.load import load_config
from ..exports.errors import ExportError
from .schedule import nightly

SECONDS_BETWEEN_LOOKS = 60


def new_files_sensor(exports: Path) -> dg.SensorDefinition:
    """Starts the nightly job when files that `exports.yml` asks for are new or changed.

    The cursor holds two digests of names, sizes and times of change: of what was seen at the last
    look, and of what a run was last started for. A run starts when two looks in a row see the
    same, so that no file is loaded while it is being written; the run key is that digest, so that
    the same files never start two runs.
    """

    @dg.sensor(
        name="new_files",
        job=nightly,
        minimum_interval_seconds=SECONDS_BETWEEN_LOOKS,
        # opening the UI must not start runs by itself; who wants them turns this on there once
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Starts a run when files of exports.yml are new or changed and at rest.",
    )
    def new_files(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            seen, latest = _look(exports)
        except ExportError as error:
            return dg.SkipReason(str(error))
        before = json.loads(context.cursor) if context.cursor else {}
        started = before.get("started")
        requests: list[dg.RunRequest] = []
        reason: str | None = None
        if seen == started:
            reason = "no file is new or changed since the last run"
        elif seen != before.get("seen"):
            reason = f"files are new or changed, {latest} last; waiting until they are at rest"
        else:
            started, requests = seen, [dg.RunRequest(run_key=seen)]
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=reason,
            cursor=json.dumps({"seen": seen, "started": started}),
        )

    return new_files


def _look(exports: Path) -> tuple[str, str]:
    """A digest of all files as they are now, and the name of the one that changed last.

    Raises ExportError where `exports.yml` is wrong, a file that a setting names is missing, or no
    export has a file.
    """
    config = load_config(exports)
    files: dict[str, Path] = {}
    missing: list[ExportError] = []
    for export in config.exports:
        try:
            files |= config.files(export)
        except ExportError as error:  # files may have been moved away once they were loaded
            missing.append(error)
    if not files:
        raise missing[0]
    files |= config.setting_files()
    found = {}
    for name, path in files.items():
        try:
            status = path.stat()
        except OSError as error:  # removed since it was listed
            raise ExportError(f"{path}: {error.strerror}") from error
        found[name] = (status.st_mtime_ns, status.st_size)
    digest = hashlib.sha256(json.dumps(sorted(found.items())).encode()).hexdigest()
    return digest, max(found, key=lambda name: (found[name], name))
