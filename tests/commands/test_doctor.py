"""`retention doctor`: each thing that can be wrong is found, and its remedy told."""

import datetime as dt
import os
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.commands import doctor
from dagster_project.commands.cli import GREEN, USER_ERROR, main
from dagster_project.commands.doctor import Finding, examine
from dagster_project.warehouse.files import Warehouse

from ..support.shops import ORDERS_MAPPED

Capture = pytest.CaptureFixture[str]
TODAY = dt.date(2024, 5, 3)
CONFIG = {
    "exports": {
        "orders": {
            "files": "orders_*.csv",
            **ORDERS_MAPPED,
        }
    }
}


class Shop:
    """A shop whose marts are published and whose newest file is of 1 May 2024."""

    def __init__(self, folder: Path) -> None:
        self.exports = folder / "exports.yml"
        self.exports.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
        for day in ("2024-04-30", "2024-05-01"):
            (folder / f"orders_{day}.csv").write_text("no,who,at,total\n", encoding="utf-8")
        self.warehouse = Warehouse(folder / "warehouse")
        self.warehouse.folder.mkdir()
        self.published(True)
        with duckdb.connect(str(self.warehouse.build_file)) as con:
            con.execute("create table t as select 1 as a")
        self.warehouse.report_file.parent.mkdir()
        self.warehouse.report_file.write_text("a page", encoding="utf-8")

    def published(self, *runs: bool) -> None:
        """The log of runs, each of which was published or not."""
        with duckdb.connect(str(self.warehouse.marts_file)) as con:
            con.execute(
                "create or replace table metric_run_log (run_number int, run_id varchar,"
                " started_at timestamp, published boolean, checks_failed int, as_of_date date)"
            )
            for number, published in enumerate(runs, start=1):
                con.execute(
                    "insert into metric_run_log values"
                    " (?, 'run ' || ?, timestamp '2024-05-01 04:00' + to_days(?), ?, ?, ?)",
                    [number, number, number, published, 0 if published else 3, TODAY],
                )

    def found(self) -> list[Finding]:
        return list(examine(self.exports, self.warehouse, TODAY))

    def to_do(self) -> dict[str, str]:
        """What is to be done, by what was looked at."""
        return {each.what: f"{each.seen}: {each.remedy}" for each in self.found() if each.remedy}


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    monkeypatch.delenv("RETENTION_MEMORY", raising=False)
    monkeypatch.setattr(doctor, "_memory", lambda: 8 * 10**9)
    return Shop(tmp_path)


def test_a_shop_without_a_fault(shop: Shop) -> None:
    assert shop.to_do() == {}
    seen = {each.what: each.seen for each in shop.found()}
    assert seen["orders"] == "2 files, the newest of 2024-05-01"
    assert seen["marts.duckdb"].startswith("1 tables")
    assert seen["run"] == "2024-05-02 04:00 UTC: published, up to 2024-05-03"
    assert seen["duckdb"] == duckdb.__version__


def test_what_is_printed_and_the_exit_code(
    shop: Shop, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["doctor", "--exports", str(shop.exports)]
    given += ["--warehouse", str(shop.warehouse.folder)]

    class Today(dt.datetime):
        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> "Today":
            return cls(TODAY.year, TODAY.month, TODAY.day, tzinfo=tz)

    monkeypatch.setattr(doctor.dt, "datetime", Today)
    assert main(given) == GREEN
    assert capsys.readouterr().out.endswith("\nall is well\n")
    shop.warehouse.report_file.unlink()
    assert main(given) == USER_ERROR
    said = capsys.readouterr().out
    assert "to do  report             not there\n" in said
    assert "-> make it: retention report\n" in said
    assert said.endswith("\n1 to do\n")


def test_the_environment(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    dependencies = [*(f"{library}>=0" for library in doctor.LIBRARIES[1:]), "duckdb>=99"]
    pyproject.write_text(
        f'[project]\nrequires-python = "<3"\ndependencies = {dependencies}\n', encoding="utf-8"
    )
    to_do = {each.what: each.remedy for each in doctor._environment(pyproject) if each.remedy}
    assert to_do == {
        "python": "Python <3 is needed: make setup PYTHON=python3.12",
        "duckdb": ">=99 is asked for: make setup",
    }


def test_a_library_that_is_missing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(library: str) -> str:
        raise doctor.PackageNotFoundError(library)

    monkeypatch.setattr(doctor, "version", missing)
    assert shop.to_do()["dagster"].startswith("not installed: ")
    assert shop.to_do()["dagster"].endswith(" is asked for: make setup")


def test_no_room(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", ["free"])
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage(5 * 10**8))
    assert list(shop.to_do()) == ["disk"]
    assert shop.to_do()["disk"].endswith("make room: a run may need 1.0 GB")


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("16GB", "set RETENTION_MEMORY=7GB"),
        ("7.5 GiB", "set RETENTION_MEMORY=7GB"),
        ("much", "write it with a unit, as in RETENTION_MEMORY=3GB"),
        ("7GB", None),
        ("500MB", None),
    ],
)
def test_memory(shop: Shop, monkeypatch: pytest.MonkeyPatch, limit: str, told: str | None) -> None:
    monkeypatch.setenv("RETENTION_MEMORY", limit)
    remedy = shop.to_do().get("memory")
    assert remedy is None if told is None else remedy is not None and told in remedy


def test_rights(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: Path(path).suffix == ".csv")
    home = shop.exports.parent
    assert [each.remedy for each in shop.found() if each.what == "rights"] == [
        f"let this user read and write {folder}" for folder in (shop.warehouse.folder, home)
    ]
    monkeypatch.setattr(doctor.os, "access", lambda path, mode: Path(path).suffix != ".csv")
    assert shop.to_do() == {
        "orders": "2 of 2 files cannot be read: let this user read orders_2024-04-30.csv"
    }


def test_exports_that_are_wrong(shop: Shop) -> None:
    text = shop.exports.read_text(encoding="utf-8")
    shop.exports.write_text(text.replace("ordered_at", "orderd_at"), encoding="utf-8")
    assert "did you mean 'ordered_at'?" in shop.to_do()["exports.yml"]
    shop.exports.unlink()
    assert "`retention init FILE...` writes a first one" in shop.to_do()["exports.yml"]


def test_open_todos(shop: Shop) -> None:
    text = shop.exports.read_text(encoding="utf-8")
    shop.exports.write_text(
        text + "# TODO settings.business_time_zone: where does a day begin?\n", encoding="utf-8"
    )
    assert shop.to_do() == {
        "TODO": "business_time_zone: decide, and take the comment out: where does a day begin?"
    }


def test_exports_that_nothing_new_comes_for(shop: Shop) -> None:
    def stale(on: dt.date) -> dict[str, str]:
        return {each.what: each.remedy for each in examine(shop.exports, shop.warehouse, on)
                if each.remedy}  # fmt: skip

    assert stale(dt.date(2024, 5, 8)) == {}
    assert stale(dt.date(2024, 5, 9))["orders"].startswith("8 days old, more than 7: see why")
    settings = {"max_days_without_rows": 30}
    shop.exports.write_text(yaml.safe_dump({"settings": settings} | CONFIG), encoding="utf-8")
    assert stale(dt.date(2024, 5, 9)) == {}
    # of a time that is over nothing new comes
    settings = {"as_of_date": "2024-05-01"}
    shop.exports.write_text(yaml.safe_dump({"settings": settings} | CONFIG), encoding="utf-8")
    assert stale(dt.date(2026, 1, 1)) == {}


def test_no_file_of_an_export(shop: Shop) -> None:
    for file in shop.exports.parent.glob("orders_*"):
        file.unlink()
    assert "no file matches 'orders_*.csv'" in shop.to_do()["orders"]


@pytest.mark.parametrize("name", ["marts.duckdb", "build.duckdb"])
def test_files_that_are_damaged_or_gone(shop: Shop, name: str) -> None:
    file = shop.warehouse.folder / name
    file.write_bytes(file.read_bytes()[:2000])
    os.utime(shop.warehouse.report_file)
    assert "damaged (" in shop.to_do()[name]
    assert "move it away, and the next run makes a new one" in shop.to_do()[name]
    file.unlink()
    assert shop.to_do()[name] == "not there: make it: retention run"


def test_a_kept_file_that_is_damaged(shop: Shop) -> None:
    shop.warehouse.kept_folder.mkdir()
    kept = shop.warehouse.kept_folder / "20240501T040000_run1.duckdb"
    kept.write_bytes(b"no database at all")
    assert shop.to_do()[kept.name].endswith("it cannot be gone back to: delete it")


def test_no_warehouse_yet(shop: Shop, tmp_path: Path) -> None:
    there = Warehouse(tmp_path / "none")
    to_do = [each for each in examine(shop.exports, there, TODAY) if each.remedy]
    assert [(each.what, each.remedy) for each in to_do] == [("warehouse", "make it: retention run")]


def test_a_report_of_other_marts(shop: Shop) -> None:
    os.utime(shop.warehouse.report_file, (0, 0))
    assert shop.to_do() == {"report": "older than the marts: make it anew: retention report"}


@pytest.fixture
def holder(shop: Shop) -> Iterator[subprocess.Popen]:
    """A run that holds the warehouse, and ends with the test at the latest."""
    hold = (
        "import sys, time; from pathlib import Path\n"
        "from dagster_project.warehouse.files import Warehouse\n"
        "house = Warehouse(Path(sys.argv[1]))\n"
        "with house.lock('first', print), house.connect():\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", hold, str(shop.warehouse.folder)], stdout=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "held\n"
    yield started
    started.kill()
    started.wait()


def test_who_holds_the_warehouse(shop: Shop, holder: subprocess.Popen) -> None:
    seen = {each.what: each.seen for each in shop.found()}
    assert seen["lock"] == f"held by run first (process {holder.pid})"
    assert seen["build.duckdb"] == "open in another program"
    assert shop.to_do() == {}
    holder.kill()
    holder.wait()
    told = f"run first (process {holder.pid}) was killed: run again: it takes up what was left"
    assert shop.to_do() == {"lock": told}


def test_the_last_runs(shop: Shop) -> None:
    shop.published(True, False, True, True)
    assert [each.seen for each in shop.found() if each.what == "run"] == [
        "2024-05-05 04:00 UTC: published, up to 2024-05-03",
        "2024-05-04 04:00 UTC: published, up to 2024-05-03",
        "2024-05-03 04:00 UTC: not published, 3 checks red",
    ]


def test_a_run_after_what_is_published_was_red(shop: Shop) -> None:
    (shop.warehouse.checks_folder / "run 1").mkdir(parents=True)
    os.utime(shop.warehouse.report_file)
    assert shop.to_do() == {}
    (shop.warehouse.checks_folder / "0123456789").mkdir(parents=True)
    assert "a later one was not published (01234567)" in shop.to_do()["run"]
    assert shop.to_do()["run"].endswith("or: retention rejects")
