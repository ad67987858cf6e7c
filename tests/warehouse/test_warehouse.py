"""The files of the warehouse in other hands, damaged, or not there: a sentence, not a stack."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from dagster_project.commands.cli import USER_ERROR, main
from dagster_project.exports.errors import ExportError, WarehouseBusy
from dagster_project.exports.loading.ledger import create_ledger
from dagster_project.exports.loading.writing import Run
from dagster_project.warehouse.files import Warehouse
from dagster_project.warehouse.history import prepare_history
from dagster_project.warehouse.read import read_marts

from ..exports.test_loader import at

RUN = Run("run1", at(2024, 6, 1, 12))


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    """A warehouse with one mart and an empty build file."""
    warehouse = Warehouse(tmp_path)
    with duckdb.connect(str(warehouse.marts_file)) as con:
        con.execute("create table marts.segments as select 1 as x")
    with warehouse.connect() as con:
        create_ledger(con)
    return warehouse


@contextmanager
def open_elsewhere(path: Path) -> Iterator[None]:
    """Another process that has a DuckDB file open for writing."""
    code = f"import duckdb; con = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        try:
            yield
        finally:
            process.communicate(b"\n", timeout=60)


def damage(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(b"no database" * 1000)


def test_a_build_file_that_is_open_elsewhere_is_told(warehouse: Warehouse) -> None:
    with (
        open_elsewhere(warehouse.build_file),
        pytest.raises(WarehouseBusy, match=r"build.duckdb is open in another program.*close it"),
        warehouse.connect(),
    ):
        pass


def test_a_damaged_build_file_is_told(warehouse: Warehouse) -> None:
    damage(warehouse.build_file)
    with (
        pytest.raises(ExportError, match=r"build.duckdb: cannot be opened .*; move it away"),
        warehouse.connect(),
    ):
        pass


def test_what_a_killed_run_had_on_disk_is_cleared_away(warehouse: Warehouse) -> None:
    # the last line stands for the kill: nobody is left to clear up
    spill = (
        "import duckdb, os, sys\n"
        "con = duckdb.connect(sys.argv[1], config={'memory_limit': '100MB', 'threads': 1})\n"
        "con.execute('create temp table t as select md5(i::varchar) from range(5000000) s(i)')\n"
        "os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", spill, str(warehouse.build_file)], check=False)
    assert list(warehouse.spill_folder.iterdir())
    with warehouse.lock("next", print):
        assert not warehouse.spill_folder.exists()


def test_a_run_that_takes_too_long_ends_and_lets_go_of_the_warehouse(warehouse: Warehouse) -> None:
    hangs = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from dagster_project.commands.run import time_limit\n"
        "from dagster_project.warehouse.files import Warehouse\n"
        "with time_limit(), Warehouse(Path(sys.argv[1])).lock('hangs', print):\n"
        "    time.sleep(120)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", hangs, str(warehouse.folder)],
        env=os.environ | {"RETENTION_RUN_SECONDS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert ended.returncode == 3
    assert "the run was ended after 1 seconds, nothing was published" in ended.stderr
    said: list[str] = []
    with warehouse.lock("next", said.append):
        assert said == []  # nobody was waited for


def test_published_marts_are_recalled_though_a_client_holds_them(warehouse: Warehouse) -> None:
    with open_elsewhere(warehouse.marts_file), warehouse.connect() as con:
        prepare_history(con, warehouse.marts_file, RUN)
        assert con.execute("select run_id, is_published from ledger.runs").fetchall() == [
            ("run1", False)
        ]


def test_damaged_marts_are_told_to_a_run_and_do_not_stop_it(warehouse: Warehouse) -> None:
    damage(warehouse.marts_file)
    with warehouse.connect() as con:
        assert prepare_history(con, warehouse.marts_file, RUN)
        assert con.execute("select run_id from ledger.runs").fetchall() == [("run1",)]


def test_what_a_file_of_the_version_before_remembers_is_recalled(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    with duckdb.connect(str(warehouse.marts_file)) as con:
        con.execute("create schema marts; use marts.marts")
        con.execute(
            "create table metric_run_log (run_number int, run_id varchar, started_at timestamp,"
            " definitions varchar, as_of_date date, rows bigint, checks_passed bigint,"
            " checks_failed bigint, published boolean);"
            "insert into metric_run_log (run_number, run_id, published) values (1, 'old', true);"
            "create table restatements (run_id varchar, mart varchar);"
            "create table cohort_retention (study varchar, bucket varchar, period varchar,"
            " cohort_start date, period_number int, cohort_size bigint, retained_customers bigint,"
            " revenue decimal(18, 4), is_complete boolean, segment_name varchar);"
            "insert into cohort_retention (study, cohort_size, segment_name)"
            " values ('order_to_order', 3, 'all'), ('order_to_order', 1, 'country')"
        )
    with warehouse.connect() as con:
        create_ledger(con)
        prepare_history(con, warehouse.marts_file, RUN)
        runs = con.execute("select run_id, is_published from ledger.runs order by 1").fetchall()
        cells = con.execute("select study, cohort_size from ledger.published_cells").fetchall()
    assert runs == [("old", True), ("run1", False)]
    assert cells == [("order_to_order", 3)]


def test_a_mart_has_one_name_with_and_without_the_file_s(warehouse: Warehouse) -> None:
    with duckdb.connect(str(warehouse.marts_file), read_only=True) as con:
        assert con.execute("from segments").fetchall() == [(1,)]
        assert con.execute("from marts.segments").fetchall() == [(1,)]
    with read_marts(warehouse.marts_file) as con:
        assert con.execute("from segments").fetchall() == [(1,)]
        assert con.execute("from marts.segments").fetchall() == [(1,)]
        with pytest.raises(duckdb.Error, match="read-only"):
            con.execute("drop table segments")


@pytest.mark.parametrize("command", [["query", "select 1"], ["export", "audiences"]])
def test_marts_that_cannot_be_read_are_told_to_readers(
    warehouse: Warehouse, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    given = [*command, "--warehouse", str(warehouse.folder)]
    with open_elsewhere(warehouse.marts_file):
        assert main(given) == USER_ERROR
    assert "close it where it is open" in capsys.readouterr().err
    damage(warehouse.marts_file)
    assert main(given) == USER_ERROR
    assert "if it is damaged, move it away" in capsys.readouterr().err
    assert main([*command, "--warehouse", str(warehouse.marts_file)]) == USER_ERROR
    assert "is a file; name the folder" in capsys.readouterr().err
    warehouse.marts_file.unlink()
    assert main(given) == USER_ERROR
    assert "`retention run` makes them" in capsys.readouterr().err


def test_a_proposal_that_cannot_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "orders.csv").write_text(
        "order_id,customer_id,ordered_at,amount\n1,2,2024-01-01,3\n", encoding="utf-8"
    )
    output = tmp_path / "nowhere" / "exports.yml"
    assert main(["init", str(tmp_path / "orders.csv"), "--output", str(output)]) == USER_ERROR
    assert f"error: {output}: cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize("size", [0, 100, 5000, 20000])
def test_a_damaged_build_file_is_not_told_to_be_open(warehouse: Warehouse, size: int) -> None:
    """By the lock, not by the words of an error: a checksum is of a b-lock."""
    with warehouse.connect() as con:
        con.execute("create table t as select i, md5(i::varchar) as m from range(20000) s(i)")
    whole = warehouse.build_file.read_bytes()
    warehouse.build_file.write_bytes(whole[:size] + bytes(len(whole) - size) if size else b"xx")
    with (
        pytest.raises((ExportError, duckdb.Error)) as told,
        warehouse.connect() as con,
    ):
        con.execute("select sum(i), max(m) from t").fetchall()
    assert "open in another program" not in str(told.value)
