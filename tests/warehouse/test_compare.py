"""The comparison of two published files: what every upgrade is checked with."""

from pathlib import Path

import duckdb
import pytest

from dagster_project.warehouse.compare import Difference, compare, main

BEFORE = """
create table retention as
    from (values ('2024-01', 10, 0.5), ('2024-02', 20, 0.25)) t(month, n, rate);
create table metric_run_log as select 'run 1' as run_id;
create table quarantine as select 'orders' as export, 'run 1' as run_id;
"""


def file(path: Path, sql: str) -> Path:
    with duckdb.connect(str(path)) as con:
        con.execute(sql)
    return path


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return file(tmp_path / "before.duckdb", BEFORE)


def found(before: Path, now: Path) -> dict[str, Difference]:
    return {d.table: d for d in compare(before, now) if not d.is_equal}


def test_runs_of_the_same_figures_are_equal(before: Path, tmp_path: Path) -> None:
    now = file(tmp_path / "now.duckdb", BEFORE.replace("run 1", "run 2"))
    assert found(before, now) == {}
    assert main([str(before), str(now)]) == 0


def test_a_figure_that_moved_names_its_rows_and_column(
    before: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    now = file(tmp_path / "now.duckdb", BEFORE.replace("0.25", "0.26"))
    assert found(before, now) == {"retention": Difference("retention", (2, 2), 1, 1, ("rate",))}
    assert main([str(before), str(now)]) == 1
    said = capsys.readouterr().out
    assert (
        "retention: 2 rows before, 2 now; 1 only before, 1 only now; columns that differ: rate"
        in said
    )
    assert "1 of 2 tables equal" in said


def test_doubled_rows_are_seen(before: Path, tmp_path: Path) -> None:
    twice = BEFORE + "insert into retention select * from retention where month = '2024-01';"
    now = file(tmp_path / "now.duckdb", twice)
    assert found(before, now)["retention"].only_new == 1


def test_tables_columns_and_types_that_came_or_went_are_named(before: Path, tmp_path: Path) -> None:
    changed = (
        "alter table retention drop column n; alter table retention alter rate type double;"
        "drop table quarantine; create table nps as select 1 as score;"
    )
    differences = found(before, file(tmp_path / "now.duckdb", BEFORE + changed))
    assert differences["nps"].note == "only now"
    assert differences["quarantine"].note == "only before"
    assert differences["retention"].note == "column n only before, rate was DECIMAL(3,2), is DOUBLE"


def test_tables_may_stand_in_another_schema(before: Path, tmp_path: Path) -> None:
    moved = "create schema marts; use now.marts;" + BEFORE
    assert found(before, file(tmp_path / "now.duckdb", moved)) == {}
