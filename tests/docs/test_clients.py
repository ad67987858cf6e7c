"""What docs/clients.md tells to run works as it stands, and money and time keep their types."""

import csv
import datetime as dt
import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from dagster_project.settings import ROOT

from ..support.once import once
from .test_queries import ANSWERS, build

TEXT = (ROOT / "docs/clients.md").read_text(encoding="utf-8")
CHURN = ANSWERS["How many customers did we lose, by each convention?"]
MRR = ANSWERS["Where did recurring revenue come from, and how much was kept?"]


def recipe(title: str) -> str:
    """The first piece of code under a heading."""
    found = re.search(rf"^## {re.escape(title)}.*?^```\w+\n(.*?)^```", TEXT, re.S | re.M)
    assert found is not None
    return found[1]


@pytest.fixture(autouse=True)
def _beside_a_warehouse(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = once(tmp_path_factory, "questions", build)
    (tmp_path / "my_warehouse").symlink_to(shop / "warehouse")
    monkeypatch.chdir(tmp_path)


def ran(title: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(recipe(title), names)
    return names


def test_pandas() -> None:
    churn = ran("pandas")["churn"].set_index("month").sort_index()
    months = [row[0] for row in CHURN]
    assert list(churn.index[-len(months) :].date) == months
    rates = churn["churn_rate"]
    assert [rates[str(row[0])] for row in CHURN if row[6] is not None] == [2.0, 1.0]
    assert rates.iloc[-2:].isna().all()
    assert list(churn["opening_customers"].iloc[-4:]) == [row[1] for row in CHURN]


def test_polars() -> None:
    mrr = ran("Polars")["mrr"]
    assert mrr["month"].to_list() == [row[0] for row in MRR]
    assert mrr["closing"].to_list() == [Decimal(row[7]) for row in MRR]
    assert mrr["nrr"].to_list() == [None, *(pytest.approx(row[9]) for row in MRR[1:])]


def test_files_for_spreadsheets(tmp_path: Path) -> None:
    where = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = recipe("Excel, LibreOffice, Google Sheets")
    subprocess.run(command, shell=True, check=True, env=os.environ | {"PATH": where})
    with (tmp_path / "churn.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["base"] == "order"]
    told = {dt.date.fromisoformat(row["month"]): row["churn_rate"] for row in rows}
    assert [told[row[0]] for row in CHURN] == ["2.0", "1.0", "", ""]
    head, *lines = openpyxl.load_workbook(tmp_path / "churn.xlsx").active.values
    assert head[:2] == ("base", "month")
    rates = {line[1].date(): line[head.index("churn_rate")] for line in lines if line[0] == "order"}
    assert [rates[row[0]] for row in CHURN] == [row[6] for row in CHURN]


def test_sql_of_the_duckdb_ui() -> None:
    with duckdb.connect() as con:
        months = {row[1] for row in con.execute(recipe("DuckDB UI")).fetchall()}
        assert months >= {row[0] for row in CHURN}
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            con.execute("delete from shop.monthly_churn")
