"""Mistakes that people make: what is printed tells what is wrong, where, and what to do.

Each is told to somebody who has heard of no library that is used here.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.commands.cli import GREEN, USER_ERROR, main
from dagster_project.warehouse.files import Warehouse

from ..support.shops import ORDERS_MAPPED

Capture = pytest.CaptureFixture[str]
COMMAND = Path(sys.executable).with_name("retention")
CONFIG = {
    "exports": {
        "orders": {
            "files": "orders.csv",
            "delivered_at": "2024-01-05",
            **ORDERS_MAPPED,
        }
    }
}


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command is called in: exports, a warehouse, and places of mistakes."""
    with duckdb.connect(str(Warehouse(_folder(tmp_path / "warehouse")).marts_file)) as con:
        con.execute(
            "create table monthly_churn as select 'order' as base, 0.1 as churn_rate;"
            "create table cohort_retention as select 'order_to_order' as study, 1 as n"
        )
    damaged = Warehouse(_folder(tmp_path / "damaged")).marts_file
    damaged.write_bytes(b"no database" * 1000)
    _folder(tmp_path / "empty")
    (tmp_path / "exports.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    (tmp_path / "orders.csv").write_text(
        "no,who,at,total\n1,a,2024-01-01 10:00:00,5\n", encoding="utf-8"
    )
    for name, change in {
        "setting.yml": {"settings": {"churn_after_day": 30}},
        "value.yml": {"settings": {"churn_after_days": "soon"}},
        "missing.yml": {"exports": {"orders": CONFIG["exports"]["orders"] | {"files": "o_*.csv"}}},
    }.items():
        (tmp_path / name).write_text(yaml.safe_dump(CONFIG | change), encoding="utf-8")
    (tmp_path / "broken.yml").write_text("exports: [", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RETENTION_WAREHOUSE", "warehouse")
    return tmp_path


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


MISTAKES = {
    "a command that there is not": (
        ["qery"],
        "No such command 'qery'. Did you mean 'query'?\nsee: retention --help",
    ),
    "an option that there is not": (
        ["tables", "--wharehouse", "x"],
        "No such option '--wharehouse'. Did you mean '--warehouse'?\nsee: retention tables --help",
    ),
    "a word that is missing": (
        ["describe"],
        "Missing argument 'TABLE'.\nsee: retention describe --help",
    ),
    "a word too many": (["tables", "monthly_churn"], "unexpected extra argument (monthly_churn)"),
    "no number": (["rejects", "--limit", "many"], "'--limit': 'many' is not a valid integer"),
    "a format that there is not": (
        ["query", "from monthly_churn", "--format", "xslx"],
        "'--format': 'xslx' is none of them; do you mean xlsx?",
    ),
    "a misspelt word of SQL": (["query", "selct 1"], 'syntax error at or near "selct"'),
    "a misspelt table in SQL": (
        ["query", "from monthly_chrun"],
        'Table with name monthly_chrun does not exist!\nDid you mean "monthly_churn"?',
    ),
    "a misspelt column in SQL": (
        ["query", "select churn_rat from monthly_churn"],
        '"churn_rat" not found in FROM clause!\nThe nearest names: "churn_rate"\nsee what',
    ),
    "SQL that would change something": (
        ["query", "delete from monthly_churn"],
        "query: DELETE is refused: the published marts are only read; write a SELECT",
    ),
    "SQL and a file of it": (["query", "select 1", "--file", "q.sql"], "not both"),
    "a file of SQL that there is not": (
        ["query", "--file", "q.sql"],
        "--file q.sql cannot be read",
    ),
    "a folder for a file of SQL": (["query", "--file", "empty"], "--file empty cannot be read"),
    "parquet on a screen": (
        ["query", "select 1", "--format", "parquet"],
        "--output FILE belongs to --format parquet or xlsx; the others are printed",
    ),
    "a misspelt table": (["describe", "monthly_chrun"], "do you mean monthly_churn?"),
    "a misspelt table to be written": (["export", "chort_retention"], "mean cohort_retention?"),
    "nothing to be written": (["export"], "retention export monthly_churn; or give a --query"),
    "a name of a file that tells no format": (
        ["export", "monthly_churn", "--output", "churn.pdf"],
        "pdf is no format of a table; give --format csv, parquet, xlsx",
    ),
    "a folder for a file to be written": (
        ["export", "monthly_churn", "--output", "empty", "--format", "csv"],
        "empty is a folder; name a file in it",
    ),
    "a file in a folder that there is not": (
        ["export", "monthly_churn", "--output", "lists/churn.csv"],
        "churn.csv: cannot be written (its folder does not exist)",
    ),
    "no warehouse yet": (
        ["query", "from monthly_churn", "--warehouse", "empty"],
        "no marts are published yet; `retention run` makes them",
    ),
    "no rows set aside yet": (
        ["rejects", "--warehouse", "empty"],
        "no run has checked an export yet; `retention run` starts one",
    ),
    "nothing built yet": (
        ["explain", "churn", "2024-01"],
        "build.duckdb: is not there; `retention run` makes it",
    ),
    "nothing to go back to": (["rollback"], "is not kept (kept: none)"),
    "a file for a folder": (
        ["tables", "--warehouse", "orders.csv"],
        "orders.csv is a file; name the folder of the warehouse",
    ),
    "marts that are damaged": (
        ["tables", "--warehouse", "damaged"],
        "if it is damaged, move it away, and the next run publishes a new one",
    ),
    "no exports.yml": (
        ["run", "--exports", "export.yml"],
        "export.yml: no such file; `retention init FILE...` writes a first one",
    ),
    "a folder for exports.yml": (
        ["check", "--exports", "."],
        "is a folder; name the file in it, as in",
    ),
    "exports.yml that is no YAML": (["run", "--exports", "broken.yml"], "not valid YAML"),
    "a misspelt setting": (
        ["run", "--exports", "setting.yml"],
        "did you mean 'churn_after_days'?",
    ),
    "a setting that is no number": (["check", "--exports", "value.yml"], "churn_after_days"),
    "files that there are not": (
        ["check", "--exports", "missing.yml"],
        "exports.orders.files: no file matches 'o_*.csv'",
    ),
    "a proposal over what was decided": (
        ["init", "orders.csv"],
        "exports.yml exists already; move it away or name another --output",
    ),
    "a proposal for a file that there is not": (
        ["init", "order.csv", "--output", "new.yml"],
        "order.csv",
    ),
    "a month that is none": (["explain", "revenue", "March"], "'March' is no date; write it as in"),
}


@pytest.mark.parametrize(("given", "told"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake(room: Path, capsys: Capture, given: list[str], told: str) -> None:
    before = sorted(path for path in room.rglob("*") if path.name != "lock")
    assert main(given) == USER_ERROR
    said = capsys.readouterr()
    assert said.err.startswith("error: ")
    assert told in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert sorted(path for path in room.rglob("*") if path.name != "lock") == before


def test_a_misspelt_study_finds_nothing_and_the_nearest_is_told(
    room: Path, capsys: Capture
) -> None:
    assert main(["query", "from cohort_retention where study = 'order_to_oder'"]) == GREEN
    told = "no study is called 'order_to_oder'; do you mean 'order_to_order'?\n"
    assert capsys.readouterr().err == told


def test_a_disk_without_room(room: Path) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [COMMAND, "query", "select n from range(100000) as numbers (n)"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ran.returncode == USER_ERROR
    assert ran.stderr == (
        "error: the answer: No space left on device; make room on the disk, or name another"
        " folder\n"
    )


@pytest.fixture
def holder(room: Path) -> Iterator[int]:
    """The process of a run that holds the warehouse and its build file."""
    hold = (
        "import sys, time; from pathlib import Path\n"
        "from dagster_project.warehouse.files import Warehouse\n"
        "house = Warehouse(Path('warehouse'))\n"
        "with house.lock('first', print), house.connect():\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process.pid
    process.kill()
    process.wait()


def test_a_warehouse_that_a_run_holds(
    room: Path, holder: int, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagster_project.warehouse.files.LOCK_SECONDS", 0.3)
    assert main(["rollback"]) == USER_ERROR
    told = f"is held by run first (process {holder}); wait until it is done, or end it"
    assert told in capsys.readouterr().err
    assert main(["explain", "churn", "2024-01"]) == USER_ERROR
    told = "is open in another program, and a run needs it for itself; wait for that run"
    assert told in capsys.readouterr().err


def test_exports_that_nothing_new_comes_for(room: Path, capsys: Capture) -> None:
    assert main(["doctor", "--exports", "exports.yml"]) == USER_ERROR
    said = capsys.readouterr().out
    assert "the newest of 2024-01-05" in said
    assert "see why nothing new comes, or raise settings.max_days_without_rows" in said
