"""The last published files are kept, and can be published again."""

from pathlib import Path

import duckdb
import pytest

from dagster_project.commands.cli import GREEN, USER_ERROR, main
from dagster_project.warehouse.files import Warehouse
from dagster_project.warehouse.kept import hold, keep, kept


def write(warehouse: Warehouse, number: int) -> Path:
    """What a run is about to publish, held to be kept: its second name."""
    new = warehouse.marts_file.with_name("new")
    with duckdb.connect(str(new)) as con:
        con.execute(
            f"create table metric_run_log as select {number} as run_number,"
            f" 'run {number}' as run_id, date '2024-01-01' + {number} as as_of_date,"
            f" true as published, timestamp '2024-01-02 03:00:00' + to_days({number}) as started_at"
        )
    return hold(warehouse, new)


def swap(warehouse: Warehouse) -> None:
    """Readers have what was written."""
    warehouse.marts_file.with_name("new").replace(warehouse.marts_file)


def publish(warehouse: Warehouse, number: int) -> None:
    """Publish a file of a run, as a run does."""
    held = write(warehouse, number)
    swap(warehouse)
    keep(warehouse, held, earlier=2)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path)
    for number in range(1, 6):
        publish(warehouse, number)
    return warehouse


def published(warehouse: Warehouse) -> str:
    with duckdb.connect(str(warehouse.marts_file), read_only=True) as con:
        return con.execute("select run_id from metric_run_log").fetchall()[0][0]


def test_the_newest_are_kept_and_take_no_room_twice(warehouse: Warehouse) -> None:
    assert [each.run_id for each in kept(warehouse)] == ["run 5", "run 4", "run 3"]
    assert kept(warehouse)[0].path.samefile(warehouse.marts_file)


def test_a_run_killed_before_readers_had_it_leaves_nothing_to_go_back_to(
    warehouse: Warehouse,
) -> None:
    write(warehouse, 6)
    assert [each.run_id for each in kept(warehouse)] == ["run 5", "run 4", "run 3"]
    warehouse.marts_file.with_name("new").unlink()
    publish(warehouse, 7)
    assert [each.run_id for each in kept(warehouse)] == ["run 7", "run 5", "run 4"]


def test_a_run_killed_after_readers_had_it_can_be_gone_back_to(warehouse: Warehouse) -> None:
    write(warehouse, 6)
    swap(warehouse)
    publish(warehouse, 7)
    assert [each.run_id for each in kept(warehouse)] == ["run 7", "run 6", "run 5"]


def test_going_back_step_by_step(warehouse: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    back = ["rollback", "--warehouse", str(warehouse.folder)]
    warehouse.report_file.parent.mkdir()
    warehouse.report_file.write_text("of run 5", encoding="utf-8")
    assert main(back) == GREEN
    assert published(warehouse) == "run 4"
    assert not warehouse.report_file.exists()
    assert "there is no report of them" in capsys.readouterr().out
    assert main(back) == GREEN
    assert published(warehouse) == "run 3"
    assert main(back) == USER_ERROR
    assert "what was before that which is published is not kept" in capsys.readouterr().err
    assert published(warehouse) == "run 3"
    capsys.readouterr()
    assert main([*back, "--list"]) == GREEN
    names = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert main([*back, "--to", names[0]]) == GREEN
    assert published(warehouse) == "run 5"


def test_damaged_marts_are_replaced_by_the_newest_kept(warehouse: Warehouse) -> None:
    copy = kept(warehouse)[1].path
    warehouse.marts_file.unlink()  # the kept file is the same one by another name
    warehouse.marts_file.write_bytes(b"no database" * 1000)
    assert main(["rollback", "--warehouse", str(warehouse.folder)]) == GREEN
    assert published(warehouse) == "run 5"
    copy.chmod(0o644)
    copy.write_bytes(b"no database" * 1000)
    assert [each.run_id for each in kept(warehouse)] == ["run 5", "run 3"]


def test_what_came_since_is_judged_again(warehouse: Warehouse) -> None:
    with warehouse.connect() as con:
        con.execute("create schema ledger; create table ledger.published_nights (night date)")
        con.execute(
            "insert into ledger.published_nights select date '2024-01-01' + unnest([4, 5, 6])"
        )
    assert main(["rollback", "--warehouse", str(warehouse.folder)]) == GREEN
    with warehouse.connect() as con:
        assert con.execute("select count(*) from ledger.published_nights").fetchall() == [(0,)]
