"""dbt in a thread of its own: what works is waited for, what has stalled is not."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from dagster_project.settings import ROOT
from dagster_project.warehouse import dbt_runner
from dagster_project.warehouse.dbt_runner import Dbt, NodeResult, Stalled
from tests.support.line import Line
from tests.support.parts import staged_of

Tell = Callable[[Any], None]


def event(name: str, model: str = "m") -> Any:
    """What dbt's callback is told of a model."""
    node = SimpleNamespace(unique_id=model, node_name=model, resource_type="model")
    result = SimpleNamespace(status="success", message="", num_failures=0, execution_time=1.0)
    data = SimpleNamespace(node_info=node, run_result=result, exc="no such thing")
    return SimpleNamespace(info=SimpleNamespace(name=name), data=data)


def told(tmp_path: Path, work: Callable[[Tell], None]) -> Generator[NodeResult, None, None]:
    class Working(Dbt):
        def _invoke(self, arguments: list[str], *callbacks: Any) -> Any:
            work(callbacks[0])

    return Working(tmp_path / "build.duckdb", tmp_path, {})._results([])


def results(tmp_path: Path, work: Callable[[Tell], None]) -> list[str]:
    return [result.name for result in told(tmp_path, work)]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbt_runner, "STALL_SECONDS", 0.2)
    monkeypatch.setattr(dbt_runner, "STOP_SECONDS", 0.2)


@pytest.mark.usefixtures("impatient")
def test_a_model_may_take_as_long_as_it_takes(tmp_path: Path) -> None:
    def work(tell: Tell) -> None:
        tell(event("NodeStart"))
        time.sleep(0.8)
        tell(event("NodeFinished"))

    assert results(tmp_path, work) == ["m"]


@pytest.mark.usefixtures("impatient")
def test_dbt_that_works_on_nothing_is_given_up(tmp_path: Path) -> None:
    def work(tell: Tell) -> None:
        tell(event("NodeStart"))
        tell(event("NodeFinished"))
        threading.Event().wait()  # for a thread that is dead

    started = time.monotonic()
    with pytest.raises(Stalled, match="worked on nothing"):
        results(tmp_path, work)
    assert time.monotonic() - started < 10


@pytest.mark.usefixtures("impatient")
def test_a_node_that_dbt_breaks_at_has_ended_and_failed(tmp_path: Path) -> None:
    def work(tell: Tell) -> None:
        tell(event("NodeStart"))
        tell(event("GenericExceptionOnRun"))

    (result,) = told(tmp_path, work)
    assert (result.name, result.passed) == ("m", False)
    assert result.message == "dbt broke: no such thing"


@pytest.mark.usefixtures("impatient")
def test_a_node_that_dbt_breaks_at_and_tells_of_is_told_of_once(tmp_path: Path) -> None:
    def work(tell: Tell) -> None:
        tell(event("NodeStart"))
        tell(event("GenericExceptionOnRun"))
        tell(event("NodeFinished"))

    assert results(tmp_path, work) == ["m"]


@pytest.mark.usefixtures("impatient")
def test_who_stops_listening_waits_for_what_is_at_work_and_nothing_else_begins(
    tmp_path: Path,
) -> None:
    stopped, ended, refused = threading.Event(), threading.Event(), threading.Event()

    def work(tell: Tell) -> None:
        for model in ("first", "second"):
            tell(event("NodeStart", model))
        tell(event("NodeFinished", "first"))
        stopped.wait(10)
        time.sleep(0.3)
        ended.set()
        tell(event("NodeFinished", "second"))
        try:
            tell(event("NodeStart", "third"))
        except dbt_runner._Stopped:
            refused.set()
            threading.Event().wait()  # as dbt does when a thread of it is raised in
        raise AssertionError("it began")

    listened = told(tmp_path, work)
    assert next(listened).name == "first"
    threading.Timer(0.1, stopped.set).start()
    started = time.monotonic()
    listened.close()
    assert ended.is_set()
    assert refused.wait(5)
    assert time.monotonic() - started < 5


def test_a_build_that_nobody_waits_for_any_more_ends_and_lets_go_of_its_file(
    tmp_path: Path,
) -> None:
    """As where Dagster's own files cannot grow, and it raises while dbt is at work."""
    line = Line(tmp_path)
    orders = {"files": "orders.csv", "columns": {"order_id": "id", "ordered_at": "day"}}
    orders["columns"] |= {"customer_id": "who", "amount": "paid"}
    config = {"settings": {"base_currency": "GBP"}, "exports": {"orders": orders}}
    line.deliver(config, {"orders.csv": "id,day,who,paid\n1,2024-01-01,a,5\n"})
    line.stage()

    dbt = Dbt(line.warehouse.build_file, line.warehouse.dbt_target, {"base_currency": "GBP"})
    nodes = staged_of({"orders"})
    building = dbt.build(nodes)
    assert next(building).passed
    building.close()
    with duckdb.connect(str(dbt.database)) as con:
        assert con.execute("select count(*) from staging.stg_order_rows").fetchall() == [(1,)]
    assert {result.unique_id for result in dbt.build(nodes) if result.passed} == nodes


def test_a_process_ends_though_nobody_closed_what_it_listened_to() -> None:
    """As where Dagster raises between two results and its traceback holds on to them."""
    script = """
import gc, threading
from pathlib import Path
from tests.warehouse.test_dbt_runner import event, told

gc.disable()

def work(tell):
    tell(event("NodeStart", "first"))
    tell(event("NodeStart", "second"))
    tell(event("NodeFinished", "first"))
    threading.Event().wait()

listened = told(Path("."), work)
print(next(listened).name)
held = [listened]
held.append(held)  # as a traceback does that is in its own frame
del listened, held
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "first\n"), done.stderr


def test_an_error_of_dbts_is_raised_where_results_are_waited_for(tmp_path: Path) -> None:
    def work(_: Tell) -> None:
        raise ValueError("no profile")

    with pytest.raises(ValueError, match="no profile"):
        results(tmp_path, work)
