"""What `exports.yml` puts beside the exports: studies, exchange rates, customers to leave out."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

import duckdb

from ..config.load import ExportsConfig
from ..errors import ExportError
from ..formats.csv_files import DELIMITERS

RATE_COLUMNS = ("currency", "rate_date", "units_per_euro")
_RATES_LIKE = "write lines such as GBP,2024-01-31,0.8552"
_MOST_UNITS = Decimal(10) ** 15


def note_references(con: duckdb.DuckDBPyConnection, config: ExportsConfig) -> None:
    """Put them into the ledger, in place of what an earlier run found.

    Raises ExportError where a file that a setting names is wrong; the ledger stays as it was.
    """
    files = config.setting_files()
    rates = _exchange_rates(files["exchange_rates"]) if "exchange_rates" in files else []
    excluded = _customer_ids(files["exclude_customers"]) if "exclude_customers" in files else []
    studies = [
        (s.name, s.start, s.return_, s.entry, s.min_occurrences, s.bucket) for s in config.studies
    ]
    con.execute("begin")
    for table, rows in (
        ("studies", studies),
        ("own_exchange_rates", rates),
        ("excluded_customers", [(customer,) for customer in excluded]),
    ):
        con.execute(f"delete from ledger.{table}")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            con.executemany(f"insert into ledger.{table} values ({marks})", rows)
    con.execute("delete from ledger.value_notes where what = 'todo'")
    for (export, setting), question in config.todos().items():
        con.execute(
            "insert into ledger.value_notes values (?, ?, ?, 'todo', ?, 1, 1, '')",
            [export, config.path.name, setting, question],
        )
    con.execute("commit")


def _exchange_rates(path: Path) -> list[tuple[str, dt.date, Decimal]]:
    """The user's own rates, in the columns of `seeds/exchange_rates.csv`; the euro's are left out.

    Raises ExportError that names line and column of the first fault.
    """
    lines = _lines(path)
    _, header = next(lines, (1, [""]))
    names = [name.strip().lower() for name in header]
    for column in RATE_COLUMNS:
        if names.count(column) != 1:
            raise ExportError(
                f"{path}: line 1: the header is '{','.join(header)}', without a column '{column}' "
                f"of its own; write {','.join(RATE_COLUMNS)}"
            )
    rates: dict[tuple[str, dt.date], Decimal] = {}
    for line, values in lines:
        if len(values) != len(names):
            raise ExportError(
                f"{path}: line {line}: {len(values)} columns where the header has {len(names)}; "
                f"{_RATES_LIKE}"
            )
        row = {name: value.strip() for name, value in zip(names, values, strict=True)}
        where = f"{path}: line {line}: column"
        currency = row["currency"].upper()
        if not re.fullmatch("[A-Z]{3}", currency):
            said = row["currency"]
            raise ExportError(f"{where} currency: '{said}' is no ISO 4217 code; {_RATES_LIKE}")
        try:
            day = dt.date.fromisoformat(row["rate_date"])
        except ValueError as error:
            said = row["rate_date"]
            raise ExportError(f"{where} rate_date: '{said}' is no date; {_RATES_LIKE}") from error
        units = _units(row["units_per_euro"])
        if units is None or (currency == "EUR" and units != 1):
            said = row["units_per_euro"]
            raise ExportError(
                f"{where} units_per_euro: '{said}' is not what one euro buys of {currency}; "
                f"{_RATES_LIKE}"
            )
        if rates.setdefault((currency, day), units) != units:
            raise ExportError(
                f"{where} units_per_euro: {currency} has another rate on {day} above; keep one"
            )
    return [(currency, day, units) for (currency, day), units in rates.items() if currency != "EUR"]


def _units(value: str) -> Decimal | None:
    try:
        units = Decimal(value)
    except InvalidOperation:
        return None
    rounded = round(units, 12) if units.is_finite() and 0 < units < _MOST_UNITS else Decimal(0)
    return rounded if rounded > 0 else None


def _customer_ids(path: Path) -> list[str]:
    """The ids of a list, one a line, or of the column `customer_id` where there is a header.

    Raises ExportError where there are several columns and none has that name.
    """
    lines = _lines(path)
    first = next(lines, (1, [""]))
    names = [name.strip().lower() for name in first[1]]
    if "customer_id" in names:
        position = names.index("customer_id")
    elif len(names) == 1:
        position, lines = 0, _lines(path)
    else:
        raise ExportError(
            f"{path}: line {first[0]}: {len(names)} columns and none is called customer_id; write "
            "one customer id a line, or that name into the header"
        )
    found = {}
    for line, values in lines:
        if len(values) != len(names):
            raise ExportError(
                f"{path}: line {line}: {len(values)} columns where line 1 has {len(names)}; "
                "write one customer id a line"
            )
        found[values[position].strip()] = line
    return [customer for customer in found if customer]


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The non-empty lines of a small text file in UTF-8, numbered and split."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ExportError(
            f"{path}: line {line}: byte {error.start + 1} is not UTF-8; save the file as UTF-8"
        ) from error
    header = text.lstrip().split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for values in reader:
        if any(value.strip() for value in values):
            yield reader.line_num, values
