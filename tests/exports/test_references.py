"""What `exports.yml` puts beside the exports: exchange rates and customers to leave out."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.exports.config.load import load_config
from dagster_project.exports.errors import ExportError
from dagster_project.exports.loading.loader import prepare

EXPORTS = {
    "orders": {
        "files": "o.csv",
        "columns": {"customer_id": "who", "ordered_at": "at", "amount": "sum"},
    }
}
RATES = "currency,rate_date,units_per_euro\n"


class Ledger:
    """A folder with `exports.yml`, and the ledger that its settings' files are noted in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.con = duckdb.connect()

    def note(self, **settings: str) -> None:
        """Begin a run with these settings."""
        path = self.folder / "exports.yml"
        path.write_text(
            yaml.safe_dump({"settings": settings, "exports": EXPORTS}), encoding="utf-8"
        )
        prepare(self.con, load_config(path))

    def rates(self, content: str | bytes) -> list[tuple]:
        """The rates a file holds."""
        raw = content if isinstance(content, bytes) else content.encode()
        (self.folder / "rates.csv").write_bytes(raw)
        self.note(exchange_rates="rates.csv")
        return self.con.execute("from ledger.own_exchange_rates order by all").fetchall()

    def excluded(self, content: str | bytes) -> list[str]:
        """The customers a file lists."""
        raw = content if isinstance(content, bytes) else content.encode()
        (self.folder / "out.csv").write_bytes(raw)
        self.note(exclude_customers="out.csv")
        found = self.con.execute("from ledger.excluded_customers order by all").fetchall()
        return [customer for (customer,) in found]


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path)


def test_rates_are_those_the_file_has_now(ledger: Ledger) -> None:
    first = RATES + "gbp,2024-01-31,0.8552\nARS, 2024-01-31 ,1000\n\nEUR,2024-01-31,1\n"
    day = dt.date(2024, 1, 31)
    found = ledger.rates(first)
    assert found == [("ARS", day, Decimal(1000)), ("GBP", day, Decimal("0.8552"))]
    assert ledger.rates(RATES + "GBP,2024-01-31,0.9\n") == [("GBP", day, Decimal("0.9"))]
    ledger.note()
    assert ledger.con.execute("from ledger.own_exchange_rates").fetchall() == []


def test_rates_may_be_written_as_spreadsheets_do(ledger: Ledger) -> None:
    content = "﻿Units_per_euro;Currency;Rate_date\r\n0.5;USD;2024-01-31\r\n0.50;USD;2024-01-31\r\n"
    assert ledger.rates(content) == [("USD", dt.date(2024, 1, 31), Decimal("0.5"))]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (RATES + "GBP,2024-01-31,0.8\npound,2024-01-31,1\n", "line 3: column currency: 'pound'"),
        (RATES + "GBP,31/01/2024,0.8\n", "line 2: column rate_date: '31/01/2024' is no date"),
        (RATES + "GBP,2024-01-31,\n", "line 2: column units_per_euro: ''"),
        (RATES + "\nGBP,2024-01-31,nan\n", "line 3: column units_per_euro: 'nan'"),
        (RATES + "GBP,2024-01-31,0\n", "line 2: column units_per_euro: '0'"),
        (RATES + "GBP,2024-01-31,-1\n", "line 2: column units_per_euro: '-1'"),
        (RATES + "GBP,2024-01-31,1e40\n", "line 2: column units_per_euro: '1e40'"),
        (RATES + "EUR,2024-01-31,2\n", "line 2: column units_per_euro: '2' is not what one euro"),
        (RATES + "GBP,2024-01-31,0,8552\n", "line 2: 4 columns where the header has 3"),
        (RATES + "GBP,2024-01-31,1\nGBP,2024-01-31,2\n", "GBP has another rate on 2024-01-31"),
        ("currency,date,rate\n", "line 1: the header is 'currency,date,rate', without a column"),
        ("", "line 1: the header is ''"),
        (RATES.encode() + b"GBP,2024-01-31,\xa31\n", "line 2: byte 50 is not UTF-8"),
    ],
)
def test_a_fault_in_the_rates_names_line_and_remedy(
    ledger: Ledger, content: str | bytes, says: str
) -> None:
    ledger.rates(RATES + "GBP,2024-01-31,0.8\n")
    with pytest.raises(ExportError) as raised:
        ledger.rates(content)
    assert f"{ledger.folder / 'rates.csv'}: line" in str(raised.value)
    assert says in str(raised.value)
    assert "; " in str(raised.value)
    assert ledger.con.execute("select count(*) from ledger.own_exchange_rates").fetchall() == [(1,)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("c1\n c2 \n\nc1\n", ["c1", "c2"]),
        ("Customer_ID\n007\n", ["007"]),
        ("name;customer_id\nAnna;c1\nBo;\n", ["c1"]),
        ("﻿c1\r\nc2", ["c1", "c2"]),
        ("", []),
    ],
)
def test_customers_to_leave_out(ledger: Ledger, content: str, expected: list[str]) -> None:
    assert ledger.excluded(content) == expected


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("c1,Anna\n", "line 1: 2 columns and none is called customer_id; write one customer id"),
        ("customer_id,name\nc1\n", "line 2: 1 columns where line 1 has 2"),
        (b"c1\nc\xe9\n", "line 2: byte 5 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_fault_in_the_list_names_line_and_remedy(
    ledger: Ledger, content: str | bytes, says: str
) -> None:
    with pytest.raises(ExportError) as raised:
        ledger.excluded(content)
    assert f"{ledger.folder / 'out.csv'}: {says}" in str(raised.value)


@pytest.mark.parametrize("setting", ["exchange_rates", "exclude_customers"])
def test_a_file_that_is_not_there_is_told(ledger: Ledger, setting: str) -> None:
    with pytest.raises(ExportError) as raised:
        ledger.note(**{setting: "gone.csv"})
    assert f"exports.yml: settings.{setting}: " in str(raised.value)
    assert "gone.csv is no file; correct its name" in str(raised.value)
