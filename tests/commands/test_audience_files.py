"""`retention export audiences`: what is in the files, and what a spreadsheet makes of them."""

import csv
import json
import re
from pathlib import Path

import duckdb
import pytest

from dagster_project.commands import export_audiences as exporting
from dagster_project.commands.cli import GREEN, USER_ERROR, main
from dagster_project.commands.export_audiences import AUDIENCES, export_audiences
from dagster_project.settings import DBT_PROJECT

FORMULAS = ("=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx")
MEMBERS = [
    ("win_back", "C2", False),
    ("win_back", "C1", False),
    ("win_back", "C3", True),
    ("promoters", 'C9 "the, best"', False),
    ("renewal_due", "C4", True),
    *(("likely_to_lapse", formula, False) for formula in FORMULAS),
    ("likely_to_lapse", "plain=", False),
]


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as con:
        con.execute("use marts")
        con.execute(
            "create table audiences (audience varchar, customer_id varchar, reason varchar,"
            " channel varchar, is_holdout boolean, since date)"
        )
        for audience, customer, is_holdout in MEMBERS:
            con.execute(
                "insert into audiences values (?, ?, 'why', 'email', ?, '2024-06-01')",
                [audience, customer, is_holdout],
            )
    return tmp_path


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def test_a_file_for_each_audience_without_the_held_out(warehouse: Path) -> None:
    assert main(["export", "audiences", "--warehouse", str(warehouse)]) == GREEN
    folder = warehouse / "audiences"
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{a}.csv" for a in AUDIENCES)
    told = {"channel": "email", "reason": "why", "since": "2024-06-01"}
    assert rows(folder / "win_back.csv") == [
        {"audience": "win_back", "customer_id": customer} | told for customer in ("C1", "C2")
    ]
    assert [row["customer_id"] for row in rows(folder / "promoters.csv")] == ['C9 "the, best"']
    # one without members is a header, so that no list of yesterday stays behind
    assert (folder / "renewal_due.csv").read_text(encoding="utf-8").split() == [
        "audience,customer_id,channel,reason,since"
    ]


def test_no_cell_is_a_formula(warehouse: Path) -> None:
    export_audiences(warehouse / "marts.duckdb", warehouse / "lists", "csv")
    found = [row["customer_id"] for row in rows(warehouse / "lists/likely_to_lapse.csv")]
    assert sorted(found) == sorted([*(f"'{formula}" for formula in FORMULAS), "plain="])


def test_other_formats_hold_the_values_as_they_are(warehouse: Path) -> None:
    marts, folder = warehouse / "marts.duckdb", warehouse / "lists"
    counted = export_audiences(marts, folder, "jsonl")
    lines = (folder / "likely_to_lapse.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["customer_id"] for line in lines} == {*FORMULAS, "plain="}
    assert counted == dict.fromkeys(AUDIENCES, 0) | {
        "win_back": 2,
        "promoters": 1,
        "likely_to_lapse": 8,
    }
    export_audiences(marts, folder, "parquet")
    with duckdb.connect() as con:
        found = con.execute(
            f"select customer_id, since from '{folder}/win_back.parquet' order by 1"
        ).fetchall()
    assert [customer for customer, _ in found] == ["C1", "C2"]


def test_a_list_that_cannot_be_written_leaves_the_one_before(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marts, folder = warehouse / "marts.duckdb", warehouse / "audiences"
    export_audiences(marts, folder, "csv")
    before = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    monkeypatch.setitem(exporting._COPY_OPTIONS, "csv", "format csv, delimiter 'no such'")
    assert main(["export", "audiences", "--warehouse", str(warehouse)]) == USER_ERROR
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == before


def test_faults_are_told_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["export", "audiences", "--warehouse", str(tmp_path)]) == USER_ERROR
    assert "no marts are published yet" in capsys.readouterr().err


def test_a_folder_that_is_a_file_is_told(
    warehouse: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (warehouse / "taken").write_text("", encoding="utf-8")
    arguments = ["export", "audiences", "--warehouse", str(warehouse)]
    assert main([*arguments, "--folder", str(warehouse / "taken")]) == USER_ERROR
    assert "taken" in capsys.readouterr().err


def test_the_lists_are_those_of_the_models() -> None:
    macro = (
        (DBT_PROJECT / "macros/audiences.sql")
        .read_text(encoding="utf-8")
        .split("{% endmacro %}")[0]
    )
    assert tuple(re.findall(r"^    '(\w+)':", macro, re.MULTILINE)) == AUDIENCES
