"""Broken exports through the whole command: what it says, how it exits, and what readers keep."""

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.commands.cli import GREEN, RED, USER_ERROR, main
from dagster_project.warehouse.files import Warehouse

from ..support.shops import dagster_home

HEADER = "no,who,at,total\n"
CONFIG = {
    "settings": {"as_of_date": "2024-03-31"},
    "exports": {
        "orders": {
            "files": "orders*",
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


def orders(count: int = 100, bad_dates: int = 0) -> str:
    rows = [
        f"{i},C{i % 7},{'soon' if i < bad_dates else f'2024-0{1 + i % 3}-11 10:00:00'},{i}.50\n"
        for i in range(count)
    ]
    return HEADER + "".join(rows)


class Shop:
    """A shop in a folder, run by the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exports = folder / "exports.yml"
        self.warehouse = Warehouse(folder / "warehouse")
        self.exports.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")

    def run(self) -> int:
        given = ["--exports", str(self.exports), "--warehouse", str(self.warehouse.folder)]
        return main(["run", *given])

    def marts(self) -> list[tuple]:
        with self.reader() as con:
            return con.execute("select * from cohort_value order by all").fetchall()

    def day_table(self, mark: str = "") -> str | None:
        """The comment on the day table, `mark` from now on: a table that is dropped loses it."""
        days = "core.activity_days"
        with duckdb.connect(str(self.warehouse.build_file)) as con:
            if mark:
                con.execute(f"comment on table {days} is '{mark}'")
            return con.execute(
                "select comment from duckdb_tables() where table_name = 'activity_days'"
            ).fetchall()[0][0]

    @contextmanager
    def reader(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect(str(self.warehouse.marts_file), read_only=True) as con:
            yield con


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A shop whose marts are published; the tests break its export one after the other."""
    os.environ["DAGSTER_HOME"] = str(dagster_home(tmp_path_factory.mktemp("dagster")))
    shop = Shop(tmp_path_factory.mktemp("shop"))
    (shop.folder / "orders.csv").write_text(orders(), encoding="utf-8")
    assert shop.run() == GREEN
    return shop


@pytest.fixture
def shop(good: Shop) -> Shop:
    for file in good.folder.glob("orders*"):
        file.unlink()
    return good


@pytest.mark.nightly
def test_a_second_run_changes_no_row(shop: Shop) -> None:
    (shop.folder / "orders.csv").write_text(orders(), encoding="utf-8")  # as it was published
    with shop.reader() as con:
        tables = [t for (t,) in con.execute("select table_name from duckdb_tables()").fetchall()]
        first = {t: con.execute(f"from {t}").fetchall() for t in tables}
    shop.day_table("kept")
    assert shop.run() == GREEN
    with shop.reader() as con:
        second = {t: con.execute(f"from {t}").fetchall() for t in tables}
    log, longer_log = first.pop("metric_run_log"), second.pop("metric_run_log")
    assert second == first
    assert len(longer_log) == len(log) + 1
    assert set(log) < set(longer_log)
    # the day table was added to, not dropped and built anew
    assert shop.day_table() == "kept"


def test_missing_required_column(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    before = shop.marts()
    (shop.folder / "orders.csv").write_text(
        orders().replace("no,who,at", "no,who,att"), encoding="utf-8"
    )
    assert shop.run() == USER_ERROR
    said = capfd.readouterr().err
    assert "orders.csv: exports.orders.columns.ordered_at: the file has no column 'at'" in said
    assert "did you mean 'att'?" in said
    assert f"the last good marts stand in {shop.warehouse.marts_file}" in said
    assert "Traceback" not in said
    assert shop.marts() == before


def test_truncated_gzip(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    before = shop.marts()
    whole = gzip.compress(orders(5000).encode())
    (shop.folder / "orders.csv.gz").write_bytes(whole[: len(whole) // 2])
    assert shop.run() == USER_ERROR
    assert "orders.csv.gz: the gzip file is damaged or cut short" in capfd.readouterr().err
    assert shop.marts() == before


def test_text_in_three_percent_of_the_dates(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    before = shop.marts()
    (shop.folder / "orders.csv").write_text(orders(bad_dates=3), encoding="utf-8")
    assert shop.run() == RED
    said = capfd.readouterr().err
    assert "at most 1.0% of the rows of orders are unreadable" in said
    assert "Traceback" not in said
    assert "Dependencies for step" not in said
    assert shop.marts() == before
    with shop.warehouse.connect() as con:
        rejects = con.execute(
            'select _file, _line, "column", reason, value from ledger.rejects order by _line'
        ).fetchall()
    reason = "ordered_at is not a timestamp"
    assert rejects == [("orders.csv", n, "ordered_at", reason, "soon") for n in (2, 3, 4)]


def test_wrong_configuration(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    (shop.folder / "orders.csv").write_text(orders(), encoding="utf-8")
    wrong = shop.folder / "wrong.yml"
    wrong.write_text(
        shop.exports.read_text(encoding="utf-8").replace("ordered_at:", "orderd_at:"),
        encoding="utf-8",
    )
    given = ["--exports", str(wrong), "--warehouse", str(shop.warehouse.folder)]
    assert main(["run", *given]) == USER_ERROR
    said = capfd.readouterr().err
    assert "exports.orders.columns.orderd_at: unknown column; did you mean 'ordered_at'?" in said
    assert "the required column 'ordered_at' is not mapped" in said


def test_under_the_threshold_a_run_is_green_and_readers_keep_what_they_opened(shop: Shop) -> None:
    with shop.reader() as reader:
        before = reader.execute("select sum(cohort_size) from cohort_value").fetchall()
        (shop.folder / "orders.csv").write_text(orders(count=400, bad_dates=3), encoding="utf-8")
        assert shop.run() == GREEN
        assert reader.execute("select sum(cohort_size) from cohort_value").fetchall() == before
    with shop.reader() as reader:
        assert reader.execute(
            "select rows_in_files, rows_rejected, rows_used from source_accounting"
        ).fetchall() == [(400, 3, 397)]
        assert reader.execute("select count(*) from quarantine").fetchall() == [(3,)]


@pytest.mark.nightly
def test_a_second_run_waits_or_says_who_holds_the_warehouse(
    shop: Shop, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (shop.folder / "orders.csv").write_text(orders(), encoding="utf-8")
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, time; from pathlib import Path\n"
            "from dagster_project.warehouse.files import Warehouse\n"
            "with Warehouse(Path(sys.argv[1])).lock('first', print):\n"
            "    print('held', flush=True); time.sleep(60)",
            str(shop.warehouse.folder),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    monkeypatch.setattr("dagster_project.warehouse.files.LOCK_SECONDS", 0.5)
    started = time.monotonic()
    assert shop.run() == USER_ERROR
    assert time.monotonic() - started < 30
    assert f"is held by run first (process {holder.pid})" in capfd.readouterr().err
    holder.kill()  # the lock dies with its holder
    holder.wait()
    assert shop.run() == GREEN
