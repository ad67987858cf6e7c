"""dbt in a thread of its own: what works is waited for, what has stalled is not."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dagster_project.warehouse import dbt_runner
from dagster_project.warehouse.dbt_runner import Dbt, Stalled

Tell = Callable[[Any], None]


def event(name: str) -> Any:
    """What dbt's callback is told of the model `m`."""
    node = SimpleNamespace(unique_id="m", node_name="m", resource_type="model")
    result = SimpleNamespace(status="success", message="", num_failures=0, execution_time=1.0)
    data = SimpleNamespace(node_info=node, run_result=result)
    return SimpleNamespace(info=SimpleNamespace(name=name), data=data)


def results(tmp_path: Path, work: Callable[[Tell], None]) -> list[str]:
    class Working(Dbt):
        def _invoke(self, arguments: list[str], *callbacks: Any) -> Any:
            work(callbacks[0])

    dbt = Working(tmp_path / "build.duckdb", tmp_path, {})
    return [result.name for result in dbt._results([])]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_runner, "STALL_SECONDS", 0.2)


def test_a_model_may_take_as_long_as_it_takes(tmp_path: Path) -> None:
    def work(tell: Tell) -> None:
        tell(event("NodeStart"))
        time.sleep(0.8)
        tell(event("NodeFinished"))

    assert results(tmp_path, work) == ["m"]


def test_dbt_that_works_on_nothing_is_given_up(tmp_path: Path) -> None:
    def work(tell: Tell) -> None:
        tell(event("NodeStart"))
        tell(event("NodeFinished"))
        threading.Event().wait()  # for a thread that is dead

    started = time.monotonic()
    with pytest.raises(Stalled, match="worked on nothing"):
        results(tmp_path, work)
    assert time.monotonic() - started < 10


def test_an_error_of_dbts_is_raised_where_results_are_waited_for(tmp_path: Path) -> None:
    def work(_: Tell) -> None:
        raise ValueError("no profile")

    with pytest.raises(ValueError, match="no profile"):
        results(tmp_path, work)
