"""The run history that `.dagster/dagster.yaml` names: Dagster's own files, opened less often."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.run_history import EventLog

from ..support.shops import dagster_home

ORDERS = dg.AssetKey("orders")


@dg.asset(name="orders", check_specs=[dg.AssetCheckSpec("filled", asset="orders")])
def orders() -> dg.MaterializeResult:
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "ours"))
    return dagster_home(tmp_path / "ours")


@pytest.fixture
def ours(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance


def events(instance: dg.DagsterInstance, run_id: str) -> list[str | None]:
    return [entry.dagster_event_type for entry in instance.all_logs(run_id)]


def files(home: Path) -> set[str]:
    return {path.name for path in (home / "history/runs").iterdir()}


def test_dagsters_own_storage_reads_what_ours_wrote(home: Path, ours: dg.DagsterInstance) -> None:
    assert isinstance(ours.event_log_storage, EventLog)
    run_id = dg.materialize([orders], instance=ours).run_id
    told = events(ours, run_id)
    assert told.count(dg.DagsterEventType.ASSET_MATERIALIZATION) == 1
    ours.dispose()
    assert files(home) == {"index.db", f"{run_id}.db"}  # nothing is left in a journal
    (home / "dagster.yaml").unlink()
    with dg.DagsterInstance.from_config(str(home)) as default:
        assert not isinstance(default.event_log_storage, EventLog)
        assert events(default, run_id) == told
        assert default.has_asset_key(ORDERS)
        # and the other way round
        later = dg.materialize([orders], instance=default).run_id
    dagster_home(home)
    with dg.DagsterInstance.from_config(str(home)) as again:
        latest = again.get_latest_materialization_event(ORDERS)
        assert latest is not None
        assert latest.run_id == later


def test_the_file_of_a_run_changes_with_every_event(home: Path, ours: dg.DagsterInstance) -> None:
    """What the UI waits for while it shows a run."""
    run_id = dg.materialize([orders], instance=ours).run_id
    file = home / f"history/runs/{run_id}.db"
    before = file.read_bytes()
    ours.report_engine_event("on it goes", run_id=run_id, job_name="nightly")
    assert file.read_bytes() != before


def test_wiped_events_are_gone(ours: dg.DagsterInstance) -> None:
    run_id = dg.materialize([orders], instance=ours).run_id
    ours.event_log_storage.wipe()
    assert events(ours, run_id) == []
    later = dg.materialize([orders], instance=ours).run_id
    assert events(ours, later)[-1] == dg.DagsterEventType.RUN_SUCCESS
