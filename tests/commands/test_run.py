"""`retention run --json` and the stages of a run, on a small shop through the whole command."""

import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import yaml
from dagster._utils.error import SerializableErrorInfo
from rich.console import Console
from sqlalchemy.exc import OperationalError

from dagster_project.commands.cli import GREEN, INTERRUPTED, RED, USER_ERROR, main
from dagster_project.commands.run import Done, _failure, tell_failure
from dagster_project.commands.terminal.door import through_the_door
from dagster_project.commands.terminal.progress import STAGES, LiveProgress, Progress
from dagster_project.definitions import build
from dagster_project.warehouse.files import Warehouse

from ..support.shops import dagster_home

Capture = pytest.CaptureFixture[str]
HEADER = "no,who,at,total\n"
CONFIG = {
    "settings": {"as_of_date": "2024-03-31"},
    "exports": {
        "orders": {
            "files": "orders.csv",
            "delivered_at": "2024-04-01",
            "currency": "EUR",
            "columns": {
                "order_id": "no",
                "customer_id": "who",
                "ordered_at": "at",
                "amount": "total",
            },
        }
    },
}


def orders(bad_dates: int = 0) -> str:
    rows = [
        f"{i},C{i % 7},{'soon' if i < bad_dates else f'2024-0{1 + i % 3}-11 10:00:00'},{i}.50\n"
        for i in range(200)
    ]
    return HEADER + "".join(rows)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    os.environ["DAGSTER_HOME"] = str(dagster_home(tmp_path_factory.mktemp("dagster")))
    folder = tmp_path_factory.mktemp("shop")
    (folder / "exports.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    return folder


def run(shop: Path, capsys: Capture) -> tuple[int, dict, str]:
    """The exit code, the object on standard output, and what stands on standard error."""
    code = main(
        ["run", "--json", "--exports", str(shop / "exports.yml"), "--warehouse", str(shop / "w")]
    )
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    return code, json.loads(said.out), said.err


def test_a_green_run_and_a_red_one_after_it(shop: Path, capsys: Capture) -> None:
    (shop / "orders.csv").write_text(orders(bad_dates=1), encoding="utf-8")
    code, told, said = run(shop, capsys)
    assert (code, told["exit_code"], told["status"]) == (GREEN, GREEN, "green")
    assert [stage["stage"] for stage in told["stages"]] == list(STAGES)
    assert {stage["status"] for stage in told["stages"]} == {"done"}
    assert all(stage["seconds"] > 0 for stage in told["stages"])
    stages = {stage["stage"]: stage for stage in told["stages"]}
    assert stages["raw"]["rows"] == 199
    assert told["exports"] == {"orders": {"rows": 199, "rejected": 1}}
    assert told["errors"] == []
    # a warning says which check it is of, on the screen and in the log of runs
    (warning,) = told["warnings"]
    assert warning.startswith("raw.orders, raw gate, warning: raw.orders: the newest row of orders")
    # plain lines for whoever reads along: no terminal, no signs that steer one
    assert "  raw.orders: 199 rows of 1 files (1 new or changed), 1 rejected" in said.splitlines()
    assert "\x1b" not in said
    assert told["marts"] == str(shop / "w/marts.duckdb")
    assert Path(told["report"]).exists()
    with duckdb.connect(told["marts"], read_only=True) as con:
        published = con.execute("select run_id from metric_run_log where published").fetchall()
        ((odd,),) = con.execute("select warned from metric_run_log").fetchall()
        ((rows,),) = con.execute("select sum(estimated_size) from duckdb_tables()").fetchall()
    assert published == [(told["run_id"],)]
    assert odd.startswith("raw.orders, raw gate: the newest row of orders is at most 7 days older")
    assert "\n" not in odd
    assert stages["marts"]["rows"] >= rows  # what marts are made of is built with them

    (shop / "orders.csv").write_text(orders(bad_dates=50), encoding="utf-8")
    code, told, said = run(shop, capsys)
    assert (code, told["exit_code"], told["status"]) == (RED, RED, "red")
    stages = {stage["stage"]: stage["status"] for stage in told["stages"]}
    assert (stages["raw"], stages["raw_gate"], stages["published__marts"]) == (
        *("done", "failed", "skipped"),
    )
    assert told["errors"][0].startswith("red gate: ")
    assert any("of the rows of orders are unreadable" in line for line in told["warnings"])
    assert told["exports"] == {"orders": {"rows": 150, "rejected": 50}}
    assert told["errors"][0] in said
    # the last good marts stand
    assert told["marts"] == str(shop / "w/marts.duckdb")


def test_a_run_that_does_not_start_is_told_too(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "exports.yml").write_text("exports: []", encoding="utf-8")
    code, told, said = run(tmp_path, capsys)
    assert (code, told["exit_code"], told["status"]) == (USER_ERROR, USER_ERROR, "needs you")
    assert (told["stages"], told["run_id"], told["marts"]) == ([], None, None)
    assert said == f"error: {told['errors'][0]}\n"


def test_the_keyboard_stops_a_run(shop: Path, tmp_path: Path) -> None:
    (shop / "orders.csv").write_text(orders(), encoding="utf-8")
    given = ["--exports", str(shop / "exports.yml"), "--warehouse", str(tmp_path / "w")]
    running = subprocess.Popen(
        [Path(sys.executable).with_name("retention"), "run", "--json", *given],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell lets what runs beside it ignore the keyboard
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        assert running.stderr is not None
        said = []
        while not said or not said[-1].startswith("  raw.orders: 200 rows"):
            said.append(running.stderr.readline())
            assert said[-1], said
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == INTERRUPTED
    assert (json.loads(out)["status"], json.loads(out)["marts"]) == ("stopped", None)
    assert "stopped in raw" in err
    assert "Traceback" not in err


def test_a_run_that_takes_too_long_is_told_too(tmp_path: Path) -> None:
    hangs = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from dagster_project.commands import run\n"
        "from dagster_project.warehouse.files import Warehouse\n"
        "def execute(*given, last_words):\n"
        "    with run.time_limit(last_words):\n"
        "        time.sleep(60)\n"
        "run._execute = execute\n"
        "run.run_as_json(Path('exports.yml'), Warehouse(Path(sys.argv[1])), False, False)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", hangs, str(tmp_path)],
        env=os.environ | {"RETENTION_RUN_SECONDS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    told = json.loads(ended.stdout)
    assert (ended.returncode, told["exit_code"], told["status"]) == (3, 3, "broken")
    assert told["errors"][0].startswith("the run was ended after 1 seconds")


def test_every_step_has_its_words(tmp_path: Path) -> None:
    job = build(tmp_path / "exports.yml", tmp_path).resolve_job_def("nightly")
    assert [node.name for node in job.nodes_in_topological_order] == list(STAGES)


def test_the_stages_as_a_terminal_shows_them() -> None:
    progress = Progress()
    done, running = progress.stages["raw"], progress.stages["raw_gate"]
    done.status, done.seconds, done.rows = "done", 1.25, 1234567
    running.status, running.started = "running", 1.0
    screen = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    screen.print(LiveProgress(progress, screen).drawn())
    assert isinstance(screen.file, io.StringIO)
    lines = screen.file.getvalue().splitlines()
    assert re.fullmatch(r"✓  load the exports +1,234,567 rows +1\.2 s", lines[0].rstrip())
    assert re.fullmatch(r".  check what was loaded +[\d.]+ s", lines[1].rstrip())
    assert lines[2].rstrip() == "·  clean and tag rows"
    assert len(lines) == len(STAGES)


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (
            # the disk is full: Dagster's own store meets it, in the middle of a step
            "sqlite3.OperationalError: disk I/O error",
            "disk I/O error; the history of runs was not written: is the disk full, its database"
            " gone?",
        ),
        (
            # memory is short when a library is to be loaded
            "ImportError: x.so: failed to map segment from shared object",
            "x.so: failed to map segment from shared object; is memory short, or the installation"
            " damaged? `make setup` makes it anew",
        ),
    ],
)
def test_what_the_machine_lacks_needs_a_person(raised: str, told: str) -> None:
    name = raised.split(":")[0].split(".")[-1]
    data = SimpleNamespace(
        user_failure_data=None, error=SerializableErrorInfo(f"{raised}\n", [], name)
    )
    event: Any = SimpleNamespace(step_key="marts", step_failure_data=data)
    assert _failure(event) == (USER_ERROR, f"error in marts: {told}")


def test_what_dagster_could_not_write_is_told_at_the_door(capsys: Capture) -> None:
    """As where the disk is so full that not even the failure of a step can be written."""

    def call() -> int:
        raise OperationalError("commit", {}, sqlite3.OperationalError("disk I/O error"))

    assert through_the_door(call) == USER_ERROR
    said = capsys.readouterr().err
    assert said.startswith("error: (sqlite3.OperationalError) disk I/O error; the history of runs")
    assert "Traceback" not in said


#: dbt's threads are within DuckDB as the process ends: a run broke off.
AT_WORK = """
import sys, threading
import duckdb
from dagster_project.commands.cli import main

begun = threading.Barrier(3)

def work():
    with duckdb.connect() as con:
        begun.wait()
        while True:
            con.execute("select sum(range) from range(100000)").fetchall()

for _ in range(2):
    threading.Thread(target=work, name="dbt", daemon=True).start()
begun.wait()
sys.exit(main())
"""


def test_dbt_still_at_work_does_not_cost_the_exit_code(tmp_path: Path) -> None:
    command = ["rejects", "--warehouse", str(tmp_path / "nowhere")]
    done = subprocess.run(
        [sys.executable, "-c", AT_WORK, *command], capture_output=True, text=True, check=False
    )
    assert done.returncode == USER_ERROR, done.stderr
    assert "terminate called" not in done.stderr


def test_a_process_that_is_needed_and_gone_is_no_reader_who_had_enough(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: Capture
) -> None:
    """As where Python cannot start the helper that it wants for locks: nothing was published."""

    def gone(*_: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("dagster_project.commands.run.checked_config", gone)
    monkeypatch.setattr("dagster_project.warehouse.rejects.read_rejects", gone)
    for command in ("run", "rejects"):
        assert main([command, "--warehouse", str(tmp_path)]) == USER_ERROR
        said = capsys.readouterr().err
        assert said.startswith(
            "error: [Errno 32] Broken pipe; a process that this one needs is gone"
        )


@pytest.mark.parametrize("form", ["", "--json"])
def test_a_failed_run_stays_failed_where_nobody_listens(tmp_path: Path, form: str) -> None:
    exports = tmp_path / "exports.yml"
    exports.write_text("exports: {orders: {files: nothing.csv, columns: {}}}")
    command = [str(Path(sys.executable).with_name("retention")), "run", *form.split()]
    command += ["--exports", str(exports), "--warehouse", str(tmp_path / "shop")]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=write, check=False)
    os.close(write)
    assert done.returncode == USER_ERROR


@pytest.mark.parametrize(
    ("is_published", "said"),
    [
        (True, "The marts are published in {}, but the run did not"),
        (False, "Nothing was published"),
    ],
)
def test_what_readers_find_is_told_whichever_step_failed(
    tmp_path: Path, capsys: Capture, is_published: bool, said: str
) -> None:
    """As where the disk fills once the marts are swapped in, in the step that did it."""
    shop = Warehouse(tmp_path)
    result: Any = SimpleNamespace(success=False, all_events=[])
    tell_failure(Done(result, Progress(), is_published), shop)
    assert said.format(shop.marts_file) in capsys.readouterr().err
