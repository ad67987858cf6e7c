"""Red runs and warnings are told to the log and to a webhook, here one of this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import dagster as dg
import pytest

from dagster_project.definitions import build
from dagster_project.defs.alerts import WEBHOOK, alert_sensors
from dagster_project.defs.resources import WAREHOUSE_TAG

FOLDER = "/a/warehouse"


class Receiver(BaseHTTPRequestHandler):
    """Keeps what is posted; refuses it at the address /refused."""

    posted: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.posted.append(json.loads(self.rfile.read(length))["text"])
        self.send_response(500 if self.path == "/refused" else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dg.asset(deps=["orders"])
def marts() -> None:
    """What a blocking check stops."""


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Receiver.posted.clear()
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        name = f"http://127.0.0.1:{server.server_port}/hook"
        monkeypatch.setenv(WEBHOOK, name)
        yield name
        server.shutdown()


class Night(dg.Config):
    state: str


@dg.asset(check_specs=[dg.AssetCheckSpec("gate", asset="orders", blocking=True)])
def orders(config: Night) -> dg.MaterializeResult:
    state = config.state
    if state == "unreadable":
        raise dg.Failure("orders.csv: no column 'who'")
    severity = dg.AssetCheckSeverity.ERROR if state == "red" else dg.AssetCheckSeverity.WARN
    said = f"{state}: the newest row is 12 days old"
    check = dg.AssetCheckResult(passed=state == "fine", severity=severity, description=said)
    return dg.MaterializeResult(check_results=[check])


def told(state: str, warehouse: str = FOLDER) -> dg.SkipReason | None:
    """What the sensor makes of a run whose only asset is in this state."""
    failing = state in ("red", "unreadable")
    with dg.DagsterInstance.ephemeral() as instance:
        ran = dg.materialize(
            [orders, marts],
            instance=instance,
            run_config={"ops": {"orders": {"config": {"state": state}}}},
            tags={WAREHOUSE_TAG: warehouse},
            raise_on_error=False,
        )
        run = instance.get_run_by_id(ran.run_id)
        assert run is not None
        red, warned = alert_sensors(FOLDER)
        context = dg.build_run_status_sensor_context(
            sensor_name="red" if failing else "warned",
            dagster_event=ran.get_run_failure_event() if failing else ran.get_run_success_event(),
            dagster_instance=instance,
            dagster_run=run,
        )
        return red(context.for_run_failure()) if failing else warned(context)


def test_a_red_gate_is_told_with_its_finding(address: str) -> None:
    assert told("red") is None
    assert Receiver.posted == [
        f"RED: nothing was published in {FOLDER}\n- orders: red: the newest row is 12 days old"
    ]


def test_what_people_can_mend_is_told(address: str) -> None:
    told("unreadable")
    assert Receiver.posted == [
        f"RED: nothing was published in {FOLDER}\n- orders: orders.csv: no column 'who'"
    ]


def test_a_run_that_publishes_with_warnings_is_told(address: str) -> None:
    told("stale")
    ((message),) = Receiver.posted
    assert message.startswith("Published with warnings")
    assert "- orders: stale: the newest row is 12 days old" in message


def test_a_night_without_faults_is_not_told(address: str) -> None:
    assert told("fine") == dg.SkipReason("nothing is odd")
    assert told("red", warehouse="/another") == dg.SkipReason("a run of another warehouse")
    assert Receiver.posted == []


def test_without_a_webhook_the_log_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK, raising=False)
    assert told("red") is None


@pytest.mark.parametrize("place", ["refused", "gone", "no address"])
def test_what_cannot_be_posted_fails_the_tick_without_the_address(
    address: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = {
        "refused": address.replace("/hook", "/refused"),
        "gone": "http://127.0.0.1:9/secret",
        "no address": "file:///secret",
    }
    monkeypatch.setenv(WEBHOOK, places[place])
    with pytest.raises(dg.Failure, match=WEBHOOK) as raised:
        told("red")
    assert "secret" not in str(raised.value.description)


def test_each_warehouse_has_its_sensors(tmp_path: Path) -> None:
    sensors = {each.name for each in build(tmp_path / "e.yml", tmp_path).sensors or ()}
    assert sensors == {"new_files", "red", "warned"}
