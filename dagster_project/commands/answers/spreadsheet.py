"""A sheet of Excel: real dates and numbers, a header in sight, columns as wide as they need."""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from ...exports.errors import ExportError

#: What Excel holds: rows below the header, columns, signs of a cell, digits of a number.
ROWS, COLUMNS, SIGNS, DIGITS = 1_048_575, 16_384, 32_767, 15
_FIRST_DAY = dt.date(1900, 3, 1)  # Excel takes 1900 for a leap year
_NARROWEST, _WIDEST = 8, 60
_BATCH = 10_000
#: How values are shown, by what they are; the number beneath keeps all its digits.
_FORMATS = {
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm:ss",
    "whole": "#,##0",
    "money": "#,##0.00",
    "share": "0.0%",
    "number": "0.####",
}
_SHARES = ("_rate", "_share", "rate_low", "rate_high")


def write_sheet(answer: duckdb.DuckDBPyRelation, file: Path) -> None:
    """Write the rows to the one sheet of a workbook.

    Text is text, whatever it begins with: no cell is a formula. Numbers of more digits than Excel
    keeps are text too, so that no id changes. Equal answers make equal files.
    Raises ExportError where there are more rows or columns than a sheet holds, or a text is longer
    than a cell.
    """
    rows = answer.aggregate("count(*)").fetchall()[0][0]
    if rows > ROWS or len(answer.columns) > COLUMNS:
        raise ExportError(
            f"{rows:,} rows of {len(answer.columns):,} columns do not fit: a sheet of Excel holds"
            f" {ROWS:,} rows of {COLUMNS:,} columns; ask for fewer, or write csv or parquet"
        )
    book = xlsxwriter.Workbook(str(file), {"constant_memory": True, "remove_timezone": True})
    book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001
    try:
        _fill(book, answer)
        book.close()
    except XlsxWriterException as error:
        raise ExportError(f"{file}: cannot be written ({error})") from error


def _fill(book: Any, answer: duckdb.DuckDBPyRelation) -> None:
    sheet = book.add_worksheet("answer")
    sheet.freeze_panes(1, 0)
    head = book.add_format({"bold": True, "bottom": 1})
    shown = {name: book.add_format({"num_format": text}) for name, text in _FORMATS.items()}
    widths = [max(_NARROWEST, len(name)) for name in answer.columns]
    for place, name in enumerate(answer.columns):
        sheet.write_string(0, place, name, head)
    line = 0
    while batch := answer.fetchmany(_BATCH):
        for row in batch:
            line += 1
            for place, value in enumerate(row):
                kind, told = _cell(value, answer.columns[place])
                if len(told) > SIGNS:
                    raise ExportError(
                        f"row {line}: {answer.columns[place]} has {len(told):,} signs, and a cell"
                        f" of Excel holds {SIGNS:,}; write csv or parquet"
                    )
                widths[place] = max(widths[place], len(told))
                _write(sheet, line, place, value, kind, told, shown)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, min(width, _WIDEST) + 2)
    if line:
        sheet.autofilter(0, 0, line, len(widths) - 1)


def _write(
    sheet: Any, line: int, place: int, value: Any, kind: str, told: str, shown: dict[str, Any]
) -> None:
    if kind == "nothing":
        return
    if kind == "truth":
        sheet.write_boolean(line, place, value)
    elif kind == "text":
        sheet.write_string(line, place, told)
    elif kind in ("date", "moment"):
        sheet.write_datetime(line, place, value, shown[kind])
    else:
        sheet.write_number(line, place, value, shown[kind])


def _cell(value: Any, column: str) -> tuple[str, str]:
    """What a value is in Excel, and about as it is shown there."""
    match value:
        case None:
            return "nothing", ""
        case bool():
            return "truth", "FALSE"
        case int() if abs(value) < 10**DIGITS:
            return "whole", f"{value:,}"
        case Decimal() if value.is_finite() and len(value.normalize().as_tuple().digits) <= DIGITS:
            return "money", f"{value:,.2f}"
        case float() if math.isfinite(value):
            return ("share" if column.endswith(_SHARES) else "number"), f"{value:.4f}"
        case dt.datetime() if value.date() >= _FIRST_DAY:
            return "moment", "0000-00-00 00:00:00"
        case dt.date() if not isinstance(value, dt.datetime) and value >= _FIRST_DAY:
            return "date", "0000-00-00"
        case _:
            return "text", str(value)
