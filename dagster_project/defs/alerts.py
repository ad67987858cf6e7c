"""Who is told of a run that is red, or green with warnings: the log, and a webhook."""

import json
import os
import urllib.request
from collections.abc import Callable

import dagster as dg

from .resources import WAREHOUSE_TAG

#: The environment variable with the webhook's address, which is a secret.
WEBHOOK = "RETENTION_WEBHOOK"
SECONDS_TO_ANSWER = 10
#: Lines of a message; the page of the run has the rest.
SHOWN = 12

Tell = Callable[[str], None]


def alert_sensors(folder: str) -> list[dg.SensorDefinition]:
    """Two sensors over the runs of one warehouse, started from the UI or by the command.

    `red` tells of runs that failed, with the reason; `warned` of those that published although
    something is odd, such as an export that nothing new has come for. Each writes one message to
    its log and, where RETENTION_WEBHOOK is set, posts it there as `{"text": ...}`, which chats
    such as Slack and Mattermost take. What cannot be posted fails the sensor's tick.
    """

    @dg.run_failure_sensor(
        name="red",
        monitor_all_code_locations=True,  # a run of the command belongs to none
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the log and RETENTION_WEBHOOK of a run that failed.",
    )
    def red(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if context.dagster_run.tags.get(WAREHOUSE_TAG) != folder:
            return dg.SkipReason("a run of another warehouse")
        reasons = _failures(context)
        tell(f"RED: nothing was published in {folder}\n" + _listed(reasons), context.log.error)
        return None

    @dg.run_status_sensor(
        name="warned",
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitor_all_code_locations=True,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells the log and RETENTION_WEBHOOK of a run that published with warnings.",
    )
    def warned(context: dg.RunStatusSensorContext) -> dg.SkipReason | None:
        if context.dagster_run.tags.get(WAREHOUSE_TAG) != folder:
            return dg.SkipReason("a run of another warehouse")
        if not (found := _warnings(context)):
            return dg.SkipReason("nothing is odd")
        tell(f"Published with warnings in {folder}\n" + _listed(found), context.log.warning)
        return None

    return [red, warned]


def tell(message: str, log: Tell) -> None:
    """Write a message to the log and post it to the webhook, if there is one."""
    log(message)
    if not (address := os.environ.get(WEBHOOK)):
        return
    if not address.startswith(("http://", "https://")):
        raise dg.Failure(f"{WEBHOOK} is no address that begins with http:// or https://")
    body = json.dumps({"text": message}, ensure_ascii=False).encode("utf-8")
    headers = {"Content-Type": "application/json; charset=utf-8"}
    request = urllib.request.Request(address, body, headers)
    try:
        urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER).close()
    except OSError as error:  # the address is a secret: the reason alone is told
        raise dg.Failure(f"{WEBHOOK} did not take the message: {type(error).__name__}") from None


def _failures(context: dg.RunFailureSensorContext) -> list[str]:
    """Why the run failed, by its steps: what they said last."""
    found = _warnings(context, dg.AssetCheckSeverity.ERROR)
    for event in context.get_step_failure_events():
        data = event.step_failure_data
        if data.user_failure_data is not None:
            found.append(f"{event.step_key}: {data.user_failure_data.description}")
        elif data.error is not None and not found:
            found.append(f"{event.step_key}: {data.error.cls_name}")
    return found or [context.failure_event.message or "see the run in the UI"]


def _warnings(
    context: dg.RunStatusSensorContext,
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN,
) -> list[str]:
    """What checks of the run found, one line each."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    found = []
    for entry in context.instance.all_logs(context.dagster_run.run_id, of_type=kind):
        if entry.dagster_event is None:
            continue
        check = entry.dagster_event.asset_check_evaluation_data
        if check.passed or check.severity != severity:
            continue
        table = "/".join(check.asset_key.path)
        said = check.description or check.check_name
        found += [f"{table}: {line}" for line in said.splitlines()]
    return found


def _listed(lines: list[str]) -> str:
    shown = [f"- {line}" for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        shown.append(f"- and {len(lines) - SHOWN} more")
    return "\n".join(shown)
