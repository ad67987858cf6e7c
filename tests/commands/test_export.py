"""`retention export` and `query --format xlsx`: files, as another library reads them."""

import csv
import datetime as dt
from pathlib import Path

import duckdb
import openpyxl
import pytest

from dagster_project.commands.answers import spreadsheet
from dagster_project.commands.cli import GREEN, USER_ERROR, main

Capture = pytest.CaptureFixture[str]
FORMULAS = ("=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx")


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A warehouse, and the folder that the command is called in."""
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as con:
        con.execute(
            """
            create table churn as select
                'order' as base, 1234567::bigint as customers, 1234.5678::decimal(18, 4) as amount,
                0.25::double as churn_rate, true as is_complete, null::int as nothing,
                date '2024-02-01' as month, timestamp '2024-02-01 10:30:00' as made_at,
                timestamptz '2024-02-01 12:30:00+02' as zoned_at, 12345678901234567::bigint as big,
                date '1850-01-01' as ancient, 'nan'::double as odd, [1, 2] as several
            """
        )
        con.execute("create table texts (place int, who varchar)")
        con.executemany("insert into texts values (?, ?)", list(enumerate(FORMULAS)))
        con.execute("create table numbers as select n from range(30) as numbers (n)")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def moment(*parts: int) -> dt.datetime:
    """A time as sheets have it: without a zone."""
    return dt.datetime(*parts, tzinfo=dt.UTC).replace(tzinfo=None)


def run(room: Path, *given: str) -> int:
    return main([*given, "--warehouse", str(room)])


def refused(room: Path, capsys: Capture, *given: str) -> str:
    before = {file.name: file.read_bytes() for file in room.iterdir() if file.is_file()}
    assert run(room, *given) == USER_ERROR
    said = capsys.readouterr()
    assert said.out == ""
    assert {f.name: f.read_bytes() for f in room.iterdir() if f.is_file()} == before
    return said.err


def sheet(file: Path) -> openpyxl.worksheet.worksheet.Worksheet:
    return openpyxl.load_workbook(file)["answer"]


def test_a_workbook_has_real_types(room: Path, capsys: Capture) -> None:
    assert run(room, "export", "churn", "--format", "xlsx") == GREEN
    assert capsys.readouterr().out.split() == ["1", "churn.xlsx"]
    found = sheet(room / "churn.xlsx")
    head, row = found.iter_rows()
    cells = {name.value: cell for name, cell in zip(head, row, strict=True)}
    assert {name: cell.value for name, cell in cells.items()} == {
        "base": "order",
        "customers": 1234567,
        "amount": 1234.5678,
        "churn_rate": 0.25,
        "is_complete": True,
        "nothing": None,
        "month": moment(2024, 2, 1),
        "made_at": moment(2024, 2, 1, 10, 30),
        "zoned_at": moment(2024, 2, 1, 10, 30),
        # more digits than Excel keeps, before its first day, no number, no value of its kinds
        "big": "12345678901234567",
        "ancient": "1850-01-01",
        "odd": "nan",
        "several": "[1, 2]",
    }
    assert cells["month"].is_date
    assert cells["month"].number_format == "yyyy-mm-dd"
    assert cells["customers"].number_format == "#,##0"
    assert cells["churn_rate"].number_format == "0.0%"


def test_the_header_stays_in_sight_and_columns_are_wide_enough(room: Path) -> None:
    assert run(room, "export", "churn", "--output", "sheet.XLSX") == GREEN
    found = sheet(room / "sheet.XLSX")
    assert found.freeze_panes == "A2"
    assert all(cell.font.bold for cell in found[1])
    assert found.auto_filter.ref == "A1:M2"
    assert found.column_dimensions["H"].width > len("2024-02-01 10:30:00")
    assert found.column_dimensions["B"].width > len("1,234,567")


def test_no_cell_of_a_workbook_is_a_formula(room: Path) -> None:
    assert run(room, "export", "texts", "--format", "xlsx") == GREEN
    cells = [row[1] for row in sheet(room / "texts.xlsx").iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    # XML has no bare carriage return: it is written as Excel writes it
    assert [cell.value.replace("_x000D_", "\r") for cell in cells] == list(FORMULAS)


def test_no_cell_of_a_csv_is_a_formula(room: Path) -> None:
    assert run(room, "export", "texts") == GREEN
    with (room / "texts.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["who"] for row in rows] == [f"'{formula}" for formula in FORMULAS]
    assert [row["place"] for row in rows] == [str(place) for place in range(len(FORMULAS))]


def test_parquet_holds_values_as_they_are(room: Path) -> None:
    assert run(room, "export", "texts", "--output", "texts.parquet") == GREEN
    with duckdb.connect() as con:
        found = con.execute(f"from '{room}/texts.parquet'").fetchall()
    assert found == list(enumerate(FORMULAS))


def test_a_query_is_written_in_its_order(room: Path, capsys: Capture) -> None:
    asked = "select n from numbers where n > 26 order by n desc"
    assert run(room, "export", "--query", asked, "--output", "n.xlsx") == GREEN
    assert [row[0].value for row in sheet(room / "n.xlsx").iter_rows()] == ["n", 29, 28, 27]
    given = ["--format", "xlsx", "--output", "again.xlsx"]
    assert run(room, "query", asked, *given) == GREEN
    assert capsys.readouterr().err == "3 rows in again.xlsx\n"
    # equal answers make equal files
    assert (room / "again.xlsx").read_bytes() == (room / "n.xlsx").read_bytes()


def test_an_empty_answer_is_a_header(room: Path) -> None:
    assert run(room, "export", "--query", "from numbers where n < 0", "--output", "n.xlsx") == GREEN
    assert [[cell.value for cell in row] for row in sheet(room / "n.xlsx").iter_rows()] == [["n"]]


def test_what_does_not_fit_a_sheet_is_told_and_not_written(
    room: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = f"select 1 as n from range({spreadsheet.ROWS + 1})"
    said = refused(room, capsys, "export", "--query", many, "--output", "n.xlsx")
    assert "1,048,576 rows of 1 columns do not fit: a sheet of Excel holds 1,048,575 rows" in said
    wide = f"select repeat('x', {spreadsheet.SIGNS + 1}) as long"
    said = refused(room, capsys, "export", "--query", wide, "--output", "n.xlsx")
    assert "row 1: long has 32,768 signs" in said
    monkeypatch.setattr(spreadsheet, "ROWS", 30)
    assert run(room, "export", "numbers", "--format", "xlsx") == GREEN
    assert sheet(room / "numbers.xlsx").max_row == 31


def test_a_file_is_replaced_whole_or_not_at_all(room: Path, capsys: Capture) -> None:
    assert run(room, "export", "numbers") == GREEN
    capsys.readouterr()
    for bad in ("select nope from numbers", "select 1; select 2", "drop table numbers"):
        refused(room, capsys, "export", "--query", bad, "--output", "numbers.csv")
    secret = f"from read_text('{room / 'marts.duckdb'}')"
    refused(room, capsys, "export", "--query", secret, "--output", "numbers.csv")
    assert (room / "numbers.csv").read_text(encoding="utf-8").split()[:3] == ["n", "0", "1"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "name a table, as in: retention export monthly_churn; or give a --query"),
        (["churn", "--query", "select 1"], "name a table"),
        (["chrun"], "no table is called chrun; do you mean churn?"),
        (["churn", "--output", "churn.docx"], "docx is no format of a table"),
        (["churn", "--format", "jsonl"], "jsonl is no format of a table"),
        (["churn", "--folder", "x"], "--folder is of audiences"),
        (["audiences", "--output", "x"], "name their --folder"),
        (["audiences", "--format", "xlsx"], "audiences are written as csv, jsonl, parquet"),
        (["churn", "--output", "no/such/churn.csv"], "its folder does not exist"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_is_not_clear_is_told(
    room: Path, capsys: Capture, given: list[str], told: str
) -> None:
    assert told in refused(room, capsys, "export", *given)
