"""Broken files at the loader: every row ends in raw or in rejects, or the file is refused whole.

Each case is put in the place of a file that was loaded before, beside one that stays as it is. The
number of records is counted here by hand, not by the loader.
"""

import gzip
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest
from backports import zstd

from dagster_project.exports.errors import ExportError
from dagster_project.exports.formats.scan import NOT_UTF8
from dagster_project.exports.loading import loader

from ..exports.test_loader import COLUMNS, HEADER, LINES, ROWS, Shop

NOT_A_TIME = "ordered_at is not a timestamp"
NOT_A_NUMBER = "amount is not a number"
A_COMMA = NOT_A_NUMBER + "; `decimal: ','` reads a decimal comma"
NO_COMMAS = ("1.5", "1,234.50", "1.23,5", "1,5,0", "1,5e2", ",", ".5")
UNCLOSED = "has an unclosed quote, or text after a closing one"
FEWER, MORE = "has fewer columns than the header", "has more columns than the header"
ROW = "o9,c9,2024-02-01,1\n"


@dataclass(frozen=True)
class Rejected:
    """A file of which some rows are refused: (line, column, reason) of each, and its records."""

    content: str | bytes
    records: int
    rejects: list[tuple[int, str | None, str]]
    name: str = "a.csv"
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """A file that is refused whole, and what the message has to say besides its path."""

    content: str | bytes
    says: list[str]
    name: str = "a.csv"
    options: dict[str, Any] = field(default_factory=dict)


def row(at: str = "2024-02-01", amount: str = "1", who: str = "c9", order: str = "o9") -> str:
    return f"{order},{who},{at},{amount}\n"


def bad_times(*values: str, reason: str = NOT_A_TIME, **options: Any) -> Rejected:
    content = HEADER + ROWS + "".join(row(at=value) for value in values) + ROW
    rejects = [(line, "ordered_at", reason) for line in range(4, 4 + len(values))]
    return Rejected(content, len(values) + 3, rejects, options=options)


def bad_amounts(*values: str, reason: str = NOT_A_NUMBER) -> Rejected:
    content = HEADER + ROWS + "".join(row(amount=f'"{value}"') for value in values) + ROW
    rejects = [(line, "amount", reason) for line in range(4, 4 + len(values))]
    return Rejected(content, len(values) + 3, rejects)


def parquet(query: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.parquet"
        duckdb.sql(f"copy ({query}) to '{path}' (format parquet)")
        return path.read_bytes()


def damaged(content: bytes, at: int) -> bytes:
    return content[:at] + bytes(code ^ 0xFF for code in content[at : at + 8]) + content[at + 8 :]


ZST = zstd.compress("".join(f"o{n},c{n * 7919 % 1000},x\n" for n in range(20_000)).encode())
ZIPPED = gzip.compress((HEADER + ROWS * 2000).encode())
NUMBERED = (
    "select 'o' || i as id, 'c' as who, date '2024-01-05' as \"at\", {} as sum from range({}) t(i)"
)
PARQUET = parquet(NUMBERED.format("i", 1000))
ARRAY = json.dumps([json.loads(line) for line in LINES.splitlines()])
EVIL = 'who"); drop table raw.orders; --'

REJECTED = {
    "too few columns": Rejected(HEADER + ROWS + "o9,c9\n" + ROW, 4, [(4, "at", FEWER)]),
    "too few columns in the first row": Rejected(HEADER + "o9\n" + ROWS, 3, [(2, "who", FEWER)]),
    "too few columns in the last row": Rejected(
        HEADER + ROWS + "o9,c9,20\n", 3, [(4, "sum", FEWER)]
    ),
    "too many columns": Rejected(
        HEADER + ROWS + "o9,c9,2024-02-01,1,z\n" + ROW, 4, [(4, None, MORE)]
    ),
    "thousands separators unquoted": Rejected(
        HEADER + ROWS + "o9,c9,2024-02-01,1,234.50\n", 3, [(4, None, MORE)]
    ),
    "every row longer than the header": Rejected(
        HEADER + ROWS.replace("\n", ",z\n"), 2, [(2, None, MORE), (3, None, MORE)]
    ),
    "a line of spaces": Rejected(HEADER + ROWS + "   \n" + ROW, 4, [(4, "who", FEWER)]),
    "a line of totals": Rejected(
        HEADER + ROWS + "Total,,,21.50\n",
        3,
        [(4, "order_id", "order_id is a total, not a row of its own")],
    ),
    "the header again": Rejected(
        HEADER + ROWS + HEADER + ROW, 4, [(4, "order_id", "order_id repeats the header")]
    ),
    "text after a closing quote": Rejected(
        HEADER + ROWS + '"o9"x,c9,2024-02-01,1\n' + ROW, 4, [(4, "id", UNCLOSED)]
    ),
    "a quote missing in the middle of a row": Rejected(
        HEADER
        + '"o1","c1","2024-01-05","1"\n"o2","c2,"2024-01-05","1\n"o3","c3","2024-01-05","1"\n',
        3,
        [(3, "who", UNCLOSED)],
    ),
    "an unclosed quote in the last row": Rejected(
        HEADER + ROWS + 'o9,c9,2024-02-01,"1\n\n', 3, [(4, "sum", UNCLOSED)]
    ),
    "text for a date": bad_times("yesterday", "0", "TBD"),
    "words for no date": bad_times("n/a", "-", "NULL", "NaT", reason="ordered_at is empty"),
    "dates that do not exist": bad_times(
        "2023-02-30", "2024-13-01", "2024-02-01 25:00", "2024-04-31 10:00"
    ),
    "dates in another order": bad_times(
        "01/02/2024", "31.12.2024", "Feb 1 2024", "2024-02-01 1 PM"
    ),
    "numbers that are no moment": bad_times("170406720", "17040672000", "45292.5", "20241301"),
    "words that DuckDB knows for times": bad_times(
        "infinity", "-infinity", "epoch", "now", "today"
    ),
    "the years 1 and 9999": bad_times(
        *("0001-01-01", "9999-12-31", "10000-01-01", "24-02-01", "1899-12-30"),
        reason="ordered_at is not in the years 1900 to 2199",
    ),
    "zero dates": bad_times("0000-00-00", "0000-00-00 00:00:00", reason="ordered_at is empty"),
    "an hour that clocks skip": bad_times(
        *("2024-03-31 01:30:00", "2023-03-26T01:00"),
        reason="ordered_at does not exist in Europe/London: the clocks went forward",
        time_zone="Europe/London",
    ),
    "a time that is not of its format": Rejected(
        HEADER + "o1,c1,01.02.2024,1\no2,c2,30.02.2024,1\n",
        2,
        [(3, "ordered_at", NOT_A_TIME)],
        options={"timestamp_format": "%d.%m.%Y"},
    ),
    "text for a number": bad_amounts("abc", "#REF!", "true", "1.2.3", "--1", "0x1F"),
    "words for no number": bad_amounts("n/a", "NULL", "NaN", "nan", reason="amount is empty"),
    "no end": bad_amounts("inf", "-inf", "Infinity", "1e400"),
    "thousands separators": bad_amounts(
        "1,234.50", "12,345,678", reason=f"{NOT_A_NUMBER}; `thousands: ','` reads it"
    ),
    "currency signs": bad_amounts(
        *("£5", "5 €", "$1.00", "5.00 GBP"),
        reason=f"{NOT_A_NUMBER}; `number_style: [currency]` reads it",
    ),
    "a percentage": bad_amounts("5%", reason=f"{NOT_A_NUMBER}; `number_style: [percent]` reads it"),
    "decimal commas": bad_amounts("1,5", "1.234,50", "0,99", reason=A_COMMA),
    "decimal points where commas are said": Rejected(
        HEADER + ROWS + "".join(row(amount=f'"{value}"') for value in NO_COMMAS) + ROW,
        len(NO_COMMAS) + 3,
        [(line, "amount", NOT_A_NUMBER) for line in (2, *range(4, 4 + len(NO_COMMAS)))],
        options={"decimal": ","},
    ),
    "a currency sign behind a decimal comma": Rejected(
        HEADER + row(amount='"1,5"') + row(amount='"1,5 €"'),
        2,
        [(3, "amount", f"{NOT_A_NUMBER}; `number_style: [currency]` reads it")],
        options={"decimal": ","},
    ),
    "more digits than money has": bad_amounts(
        "999999999999999", "1e30", "-123456789012345678901234"
    ),
    "empty required values": Rejected(
        HEADER + ROWS + row(at="") + row(amount="") + row(at="  ", amount='" "') + ROW,
        6,
        [
            (4, "ordered_at", "ordered_at is empty"),
            (5, "amount", "amount is empty"),
            (6, "ordered_at", "ordered_at is empty"),
        ],
    ),
    "an amount that outgrows its type": Rejected(
        "id,who,at,q,p\no1,c1,2024-01-05,2,3\no2,c2,2024-01-05,99999999999999,999999999999\n",
        2,
        [(3, "amount", "amount is empty")],
        options={
            "columns": {"order_id": "id", "customer_id": "who", "ordered_at": "at"}
            | {"quantity": "q", "unit_price": "p"}
        },
    ),
    "ids that a spreadsheet cut": Rejected(
        HEADER + ROWS + row(order="5.36365E+15") + ROW,
        4,
        [(4, "order_id", "order_id is not an id: a spreadsheet has cut its digits")],
    ),
    "invalid UTF-8": Rejected(
        (HEADER + ROWS).encode() + b"o9,caf\xe9,2024-02-01,1\n" + ROW.encode(),
        4,
        [(4, "who", NOT_UTF8)],
    ),
    "a NUL byte in a value": Rejected(
        HEADER + ROWS + row(who="c\0009") + ROW,
        4,
        [(4, "customer_id", "customer_id holds a NUL byte")],
    ),
    "NUL bytes at the end": Rejected(HEADER + ROWS + "\0" * 4096, 3, [(4, "who", FEWER)]),
    "a very long line": Rejected(
        HEADER + ROWS + row(who="x" * 2_100_000) + ROW,
        4,
        [(4, None, "is longer than 2,000,000 bytes")],
    ),
    "bad rows in a gzip": Rejected(
        gzip.compress((HEADER + ROWS + row(amount="x")).encode()),
        3,
        [(4, "amount", NOT_A_NUMBER)],
        "a.csv.gz",
    ),
    "bad rows among mixed line ends": Rejected(
        HEADER + ROWS.replace("\n", "\r\n") + "x\r\n" + row(amount="x") + ROW,
        5,
        [(4, "who", FEWER), (5, "amount", NOT_A_NUMBER)],
    ),
    "bad rows after blank lines": Rejected(
        HEADER + "\n\n" + ROWS + "\nx\n\n" + row(amount="x"),
        4,
        [(4, "who", FEWER), (5, "amount", NOT_A_NUMBER)],
    ),
    "a JSON line that is malformed": Rejected(
        LINES + '{"id": "o9", "who":\n' + LINES, 5, [(3, None, "is not a JSON object")], "a.jsonl"
    ),
    "a JSON line that is cut": Rejected(
        LINES + '{"id": "o9", "wh', 3, [(3, None, "is not a JSON object")], "a.jsonl"
    ),
    "JSON lines that are no objects": Rejected(
        LINES + '[1]\n"text"\n12\nnull\n',
        6,
        [(n, None, "is not a JSON object") for n in (3, 4, 5, 6)],
        "a.jsonl",
    ),
    "two JSON objects on a line": Rejected(
        LINES + LINES.replace("\n", " ") + "\n", 3, [(3, None, "is not a JSON object")], "a.jsonl"
    ),
    "a JSON key twice": Rejected(
        LINES + '{"id": "o9", "id": "o8", "who": "c", "at": "2024-01-05", "sum": 1}\n',
        3,
        [(3, None, "has a key twice")],
        "a.jsonl",
    ),
    "invalid UTF-8 in JSON": Rejected(
        LINES.encode() + b'{"id": "o9", "who": "\xe9", "at": "2024-01-05", "sum": 1}\n',
        3,
        [(3, None, NOT_UTF8)],
        "a.jsonl",
    ),
    "NUL in JSON": Rejected(
        LINES + '{"id": "o9", "who": "a\\u0000b", "at": "2024-01-05", "sum": 1}\n',
        3,
        [(3, "customer_id", "customer_id holds a NUL byte")],
        "a.jsonl",
    ),
    "NaN and nothing in JSON": Rejected(
        LINES + '{"id": "o9", "who": "c", "at": "2024-01-05", "sum": NaN}\n{"id": "o8"}\n{}\n',
        5,
        [(3, "amount", "amount is empty")]
        + [(line, "ordered_at", "ordered_at is empty") for line in (4, 5)],
        "a.jsonl",
    ),
    "nested values in JSON": Rejected(
        LINES + '{"id": "o9", "who": "c", "at": ["2024-01-05"], "sum": {"GBP": 1}}\n',
        3,
        [(3, "amount", NOT_A_NUMBER)],
        "a.jsonl",
    ),
    "no objects in a JSON array": Rejected(
        ARRAY[:-1] + ', 1, null, "x"]',
        5,
        [(n, None, "is not a JSON object") for n in (3, 4, 5)],
        "a.json",
    ),
    "NaN, inf and nothing in Parquet": Rejected(
        parquet(
            NUMBERED.format("list_extract(['0', 'nan', 'inf', null, '4']::double[], i + 1)", 5)
        ),
        5,
        [
            (2, "amount", "amount is empty"),
            (3, "amount", NOT_A_NUMBER),
            (4, "amount", "amount is empty"),
        ],
        "a.parquet",
    ),
    "other types in Parquet": Rejected(
        parquet(
            "select 1 as id, 2 as who, 1704067200 as \"at\", time '10:00' as sum from range(2)"
        ),
        2,
        [(1, "amount", NOT_A_NUMBER), (2, "amount", NOT_A_NUMBER)],
        "a.parquet",
    ),
    "an hour that clocks skip, in Parquet": Rejected(
        parquet(
            NUMBERED.replace(
                "date '2024-01-05'", "timestamp_ns '2024-03-31 00:30:00' + {} * interval 1 hour"
            ).format("i", "i", 3)
        ),
        3,
        [(2, "ordered_at", "ordered_at does not exist in Europe/London: the clocks went forward")],
        "a.parquet",
        {"time_zone": "Europe/London"},
    ),
    "an expression that yields no number": Rejected(
        HEADER + ROWS,
        2,
        [(line, "amount", NOT_A_NUMBER) for line in (2, 3)],
        options={"columns": COLUMNS | {"amount": {"sql": "who"}}},
    ),
}

NO_HEADER = "in line 1: is it a header, is `delimiter:` right?"

REFUSED = {
    "a required column missing": Refused(
        (HEADER + ROWS).replace("sum", "summe"),
        ["exports.orders.columns.amount", "no column 'sum'", "did you mean 'summe'?"],
    ),
    "an empty file": Refused("", ["the file is empty; export it again or take it out of `files`"]),
    "blank lines only": Refused("\n \n\t\n", ["the file is empty"]),
    "an empty gzip": Refused(gzip.compress(b""), ["the file is empty"], "a.csv.gz"),
    "no header": Refused(ROWS, ["no column 'sum'", NO_HEADER]),
    "a title above the header": Refused(
        "Orders of May\n\n" + HEADER + ROWS, ["line 3 has the mapped columns", "`skip_rows: 2`"]
    ),
    "a page to log in": Refused(
        "<html><body>Log in</body></html>\n", ["no column 'sum'", NO_HEADER]
    ),
    "a gzip cut short": Refused(
        ZIPPED[: len(ZIPPED) // 2], ["damaged or cut short", "deliver it again"], "a.csv.gz"
    ),
    "a gzip without its last byte": Refused(ZIPPED[:-1], ["damaged or cut short"], "a.csv.gz"),
    "a gzip damaged inside": Refused(
        damaged(ZIPPED, len(ZIPPED) // 2), ["damaged or cut short"], "a.csv.gz"
    ),
    "a gzip with another checksum": Refused(
        damaged(ZIPPED, len(ZIPPED) - 8), ["damaged or cut short"], "a.csv.gz"
    ),
    "a gzip with rubbish behind": Refused(
        ZIPPED + b"rubbish", ["damaged or cut short"], "a.csv.gz"
    ),
    "a gzip of JSON cut short": Refused(
        gzip.compress((LINES * 2000).encode())[:-20], ["damaged or cut short"], "a.jsonl.gz"
    ),
    "an unclosed quote": Refused(
        HEADER + ROWS + '"o9,c9,2024-02-01,1\n' + ROWS * 3,
        ["line 4: a quote opened there is not closed"],
    ),
    "an unclosed quote that `where` might hide": Refused(
        HEADER + ROWS + '"o9,c9,2024-02-01,1\n' + ROWS, ["line 4"], options={"where": "sum > 0"}
    ),
    "a carriage return in a value": Refused(
        HEADER + ROWS + row(who="c\r9") + ROW,
        ["line 4: a carriage return without line feed", "quote the value"],
    ),
    "names twice": Refused(
        HEADER.strip() + ",sum\n" + ROWS.replace("\n", ",7\n"),
        ["exports.orders.columns.amount", "several of that name, to be mapped as sum_1 or sum_2"],
    ),
    "names twice in another case": Refused(
        HEADER.strip() + ",SUM\n" + ROWS.replace("\n", ",7\n"), ["mapped as sum_1 or SUM_2"]
    ),
    "JSON keys in two cases": Refused(
        LINES + LINES.replace("sum", "Sum"),
        ["exports.orders.columns.amount", "Sum_1 or sum_2"],
        "a.jsonl",
    ),
    "a wrong delimiter": Refused(
        HEADER + ROWS,
        ["no column 'sum'", NO_HEADER],
        options={"delimiter": ";"},
    ),
    "a delimiter that is too long": Refused(
        HEADER + ROWS, ["cannot be read"], options={"delimiter": "<~~~>"}
    ),
    "UTF-16 cut short": Refused(
        (HEADER + ROWS).encode("utf-16")[:-1],
        ["line 3, byte 149: 0x0A is nothing in utf-16", "save the file as UTF-8"],
    ),
    "UTF-16 without its mark": Refused(
        (HEADER + ROWS).encode("utf-16-le"), ["line 1: NUL bytes", "`encoding: utf-16-le`"]
    ),
    "bytes that the encoding does not know": Refused(
        (HEADER + ROWS).encode() + b"o9,\x81,2024-02-01,1\n",
        ["a.csv: line 4, byte 78: 0x81 is nothing in cp1252", "correct `encoding:`"],
        options={"encoding": "cp1252"},
    ),
    "a header that is not UTF-8": Refused(
        b"id,who,at,sum,caf\xe9\n",
        ["line 1, byte 18: the header is not UTF-8", "save the file as UTF-8, or say what"],
    ),
    "a column missing in another encoding": Refused(
        (HEADER + ROWS).replace("sum", "caf\xe9").encode("cp1252"),
        ["a.csv: exports.orders.columns.amount", "known: at, caf\xe9"],
        options={"encoding": "cp1252"},
    ),
    "a picture": Refused(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, ["line 1", "UTF-8"]),
    "a workbook": Refused(
        b"PK\x03\x04" + bytes(999), ["an Excel workbook", "save the sheet as CSV UTF-8"]
    ),
    "another compression": Refused(b"BZh9" + bytes(99), ["compressed with bzip2; unpack it"]),
    "a zst cut short": Refused(
        ZST[: len(ZST) // 2], ["the zstd file is damaged or cut short", "again"], "a.csv.zst"
    ),
    "a zst without its last byte": Refused(ZST[:-1], ["damaged or cut short"], "a.csv.zst"),
    "a zst damaged inside": Refused(
        damaged(ZST, len(ZST) // 2), ["damaged or cut short"], "a.csv.zst"
    ),
    "a zst with rubbish behind": Refused(ZST + b"rubbish", ["damaged or cut short"], "a.csv.zst"),
    "a zst of JSON cut short": Refused(
        zstd.compress((LINES * 2000).encode())[:-5], ["damaged or cut short"], "a.jsonl.zst"
    ),
    "NUL bytes for a header": Refused(b"i\0d,who\n" + bytes(99), ["line 1: NUL bytes", "no text"]),
    "Parquet without its end": Refused(
        PARQUET[:-20], ["cannot be read as parquet", "deliver it again"], "a.parquet"
    ),
    "Parquet damaged inside": Refused(
        damaged(damaged(PARQUET, 30), 60),
        ["cannot be read as parquet", "deliver it again"],
        "a.parquet",
    ),
    "a JSON array cut off": Refused(
        ARRAY[:-20], ["cannot be read as json", "Malformed", "deliver it again"], "a.json"
    ),
    "a JSON array without its end": Refused(ARRAY[:-1], ["Malformed"], "a.json"),
    "a JSON array with rubbish behind": Refused(ARRAY + "rubbish", ["Malformed"], "a.json"),
    "two JSON arrays": Refused(ARRAY + "\n" + ARRAY, ["Malformed"], "a.json"),
    "JSON without objects": Refused(
        "[1, 2]", ["line 1: there is no JSON object in the file"], "a.json"
    ),
    "a list for an amount": Refused(
        parquet('select 1 as id, 2 as who, 1704067200 as "at", [1] as sum from range(2)'),
        ["columns.amount: 'sum' holds objects or lists", "`sql:`"],
        "a.parquet",
    ),
    "JSON in a wrapper": Refused(
        '{"orders": ' + ARRAY + "}", ["`select: select unnest", "from {file})`"], "a.json"
    ),
    "an expression over no column": Refused(
        HEADER + ROWS,
        ["columns.amount.sql", '"summ" not found', '"sum"'],
        options={"columns": COLUMNS | {"amount": {"sql": "summ * 2"}}},
    ),
    "an expression that is no SQL": Refused(
        HEADER + ROWS,
        ["columns.amount.sql", "syntax error"],
        options={"columns": COLUMNS | {"amount": {"sql": "1 +"}}},
    ),
    "an expression that fails": Refused(
        HEADER + ROWS,
        ["columns.amount.sql", "Could not convert string (not shown)", "column who"],
        options={"columns": COLUMNS | {"amount": {"sql": "cast(who as integer)"}}},
    ),
    "an expression over all rows": Refused(
        HEADER + ROWS,
        ["columns.amount.sql"],
        options={"columns": COLUMNS | {"amount": {"sql": "sum(sum)"}}},
    ),
    "an expression with a second statement": Refused(
        HEADER + ROWS,
        ["columns.amount.sql", "more than one statement"],
        options={"columns": COLUMNS | {"amount": {"sql": "1); drop table raw.orders; select (1"}}},
    ),
    "where over no column": Refused(
        HEADER + ROWS, ["where", '"summ" not found'], options={"where": "summ > 1"}
    ),
    "where that is no SQL": Refused(
        HEADER + ROWS, ["where", "syntax error"], options={"where": "sum >"}
    ),
    "where that fails": Refused(
        HEADER + ROWS, ["where", "Could not convert"], options={"where": "who::int > 1"}
    ),
    "where with a second statement": Refused(
        HEADER + ROWS,
        ["where", "more than one statement"],
        options={"where": "true); drop table raw.orders; --"},
    ),
    "a select over no column": Refused(
        HEADER + ROWS, ["select", '"nope" not found'], options={"select": "select nope from {file}"}
    ),
    "a select that is no SQL": Refused(
        HEADER + ROWS, ["select", "syntax error"], options={"select": "selec {file}"}
    ),
    "a select with a name twice": Refused(
        HEADER + ROWS,
        ["select: two of its columns bear the same name"],
        options={"select": "select *, 1 as sum from {file}"},
    ),
    "too few columns in the last row, cut": Refused(
        HEADER + ROWS + "o9,c9,20", ["line 4", "breaks off within this row", "3 of 4 columns"]
    ),
    "a last row cut within its first column": Refused(
        HEADER + ROWS + "o9", ["line 4", "breaks off within this row", "1 of 4 columns"]
    ),
    "a select with a second statement": Refused(
        HEADER + ROWS,
        ["select", "more than one"],
        options={"select": "from {file}; drop table raw.orders"},
    ),
    "a timestamp format that is none": Refused(
        HEADER + ROWS, ["exports.orders", "%Q"], options={"timestamp_format": "%Q"}
    ),
}


LEDGER = "from ledger.files order by file"


@pytest.mark.parametrize("name", REJECTED)
def test_every_row_is_loaded_or_rejected(tmp_path: Path, name: str) -> None:
    case = REJECTED[name]
    shop = Shop(tmp_path)
    others = [] if case.options else ["z.jsonl"]
    shop.write("z.jsonl", LINES)
    shop.load("z.jsonl")
    before = shop.ask("from raw.orders order by _line")
    shop.write(case.name, case.content)
    loaded = shop.load([case.name, *others], **case.options)
    rejected = len(case.rejects)
    counts = "select rows_in_file, rows_loaded, rows_rejected from ledger.files where file = ?"
    assert shop.ask(counts, case.name) == [(case.records, case.records - rejected, rejected)]
    assert shop.rejects() == [(case.name, *reject) for reject in case.rejects]
    rows = shop.ask("select _line from raw.orders where _file = ?", case.name)
    lines = [line for (line,) in rows] + [line for line, *_ in case.rejects]
    first = 2 if ".csv" in case.name else 1
    assert sorted(lines) == list(range(first, first + case.records))
    assert loaded.rejected == rejected
    if others:
        assert shop.ask("from raw.orders where _file = 'z.jsonl' order by _line") == before


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_file_says_why_and_leaves_what_was_loaded(tmp_path: Path, name: str) -> None:
    case = REFUSED[name]
    shop = Shop(tmp_path)
    shop.write(case.name, HEADER + ROWS)
    shop.write("z.csv", HEADER + row(amount="x") + ROWS)
    files = [case.name, "z.csv"]
    shop.load(files)
    before = [shop.orders("*"), shop.ask(LEDGER), shop.ask("from ledger.rejects order by all")]
    path = shop.write(case.name, case.content)
    with pytest.raises(ExportError) as raised:
        shop.load(files, **case.options)
    message = str(raised.value)
    assert message.startswith(f"{path}: ")
    for part in case.says:
        assert part in message
    assert len(message) < 700
    after = [shop.orders("*"), shop.ask(LEDGER), shop.ask("from ledger.rejects order by all")]
    assert after == before
    shop.write(case.name, HEADER + ROW)  # mended, it replaces its own rows
    shop.load(files)
    assert shop.orders("_file, order_id") == [(case.name, "o9"), ("z.csv", "o1"), ("z.csv", "o2")]


def test_the_line_of_a_reject_is_kept_for_the_user(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", HEADER + "o9,c9\n" + row(amount="£5"))
    shop.write("b.jsonl", '{"id": 1,\n' + LINES)
    with pytest.raises(ExportError, match=r"b.jsonl: line 1|b.jsonl: .*no column"):
        shop.load(["b.jsonl"], columns=COLUMNS | {"country": "nowhere"})
    shop.load(["a.csv", "b.jsonl"])
    kept = shop.ask(
        "select value, raw_line, amount, moment from ledger.rejects order by _file, _line"
    )
    assert kept[0][:2] == (None, "o9,c9")
    assert kept[1][:2] == ("£5", None)
    assert kept[1][3] is not None
    assert kept[2][:2] == (None, '{"id": 1,')


def test_personal_values_are_marked(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", "id,born,test\nc1,1980-02-30,no\nc2,1980-02-28,perhaps\nc3\n")
    columns = {"customer_id": "id", "birth_date": "born", "is_test": "test"}
    shop.load(export="customers", columns=columns)
    asked = 'select "column", reason, is_personal from ledger.rejects order by _line'
    assert shop.ask(asked) == [("born", FEWER, True)]
    assert shop.ask(
        'select "column", reason, rows, first_line from ledger.value_notes order by 1'
    ) == [
        ("birth_date", "is not a date", 1, 2),
        ("is_test", "is not a yes or no", 1, 3),
    ]


@pytest.mark.parametrize(
    "name", [EVIL, "w'ho", 'w"ho', "w ho", "wh;o--", "sélect", "=row", "_row", "rowid"]
)
def test_names_are_names_whatever_they_hold(tmp_path: Path, name: str) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", 'id,"{}",at,sum\n{}'.format(name.replace('"', '""'), ROWS))
    shop.write("b.jsonl", LINES.replace('"who"', json.dumps(name)))
    shop.load(["a.csv", "b.jsonl"], columns=COLUMNS | {"customer_id": name}, where="sum > 0")
    assert shop.values("customer_id") == ["c1", "c2", "c1", "c2"]


@pytest.mark.parametrize(
    "value", ["c'); drop table raw.orders; --", "';", "{file}", "\\", "%s", "$1"]
)
def test_values_are_values_whatever_they_hold(tmp_path: Path, value: str) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", HEADER + row(who=f'"{value}"') + row(amount=f'"{value}"'))
    shop.load(columns=COLUMNS | {"channel": {"value": value}}, status_map={value: "pending"})
    assert shop.orders("customer_id, channel") == [(value, value)]
    assert shop.ask("select value from ledger.rejects") == [(value,)]


@pytest.mark.parametrize(
    "name", ["o'1.csv", "o 1.csv", 'o"1.csv', "ö;--.csv", "o*1.csv", "{file}.csv"]
)
def test_files_are_files_whatever_their_name(tmp_path: Path, name: str) -> None:
    shop = Shop(tmp_path)
    shop.write(name, HEADER + ROWS + "bad\n")
    shop.write("o-other-1.csv", HEADER)
    shop.load([name])
    assert set(shop.values("_file")) == {name}
    assert {file for file, *_ in shop.rejects()} == {name}


@pytest.mark.parametrize("name", ["rowid", "file_row_number", "filename"])
def test_a_column_named_as_duckdb_names_its_own(tmp_path: Path, name: str) -> None:
    shop = Shop(tmp_path)
    query = NUMBERED.format("i", 3).replace("'c' as who", f"i * 7 as {name}")
    (tmp_path / "a.parquet").write_bytes(parquet(query))
    shop.write("b.csv", HEADER.replace("who", name) + "bad\n" + row(who="7"))
    shop.load(["a.parquet", "b.csv"], columns=COLUMNS | {"customer_id": name})
    assert shop.orders("_line, customer_id") == [(1, "0"), (2, "7"), (3, "14"), (3, "7")]


def test_a_name_is_no_pattern_and_a_folder_no_column(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    folder = tmp_path / "sum=7"
    folder.mkdir()
    query = NUMBERED.format("i", 2)
    (folder / "o[12].parquet").write_bytes(parquet(query))
    (folder / "o1.parquet").write_bytes(parquet(NUMBERED.format("i", 5)))
    shop.write("sum=7/o[12].jsonl", LINES)
    shop.write("sum=7/o1.jsonl", LINES * 2)
    shop.load(["sum=7/o[[]12].*"])
    assert shop.orders("_file, amount") == [
        *(("sum=7/o[12].jsonl", amount) for amount in shop.values("amount")[:2]),
        *(("sum=7/o[12].parquet", amount) for amount in (0, 1)),
    ]


def test_where_leaves_rows_out_and_counts_them(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", HEADER + row(who="") + row(who="c1") + "bad\n" + row(who="c2", amount="x"))
    loaded = shop.load("a.csv", where="who <> 'c1'")  # of nobody, SQL does not say it is another
    assert (loaded.rows, loaded.rejected, loaded.filtered) == (0, 2, 2)
    counts = "select rows_in_file, rows_loaded, rows_rejected, rows_filtered from ledger.files"
    assert shop.ask(counts) == [(2, 0, 2, 2)]


@pytest.mark.parametrize(
    "order", ["123456789012345678", "+4412345678", "0012", "1.234567890123456"]
)
def test_numbers_that_are_ids_stay_text_in_expressions(tmp_path: Path, order: str) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", HEADER + row(order=order))
    shop.load(columns=COLUMNS | {"order_id": {"sql": "id || ''"}})
    assert shop.values("order_id") == [order]


def test_offsets_are_honoured_in_selected_json(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a.jsonl", LINES.replace("2024-01-05 10:00:00", "2024-01-05T23:30:00-05:00"))
    shop.load("a.jsonl", select="select * from {file}")
    moments = shop.ask(
        "select distinct cast(ordered_at as varchar) from raw.orders where order_id = 'o1'"
    )
    assert moments == [("2024-01-06 04:30:00",)]


def test_a_file_that_is_gone_when_it_is_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path)
    path = shop.write("a.csv", HEADER + ROWS)

    def vanish(*_: Any, **__: Any) -> Any:
        raise FileNotFoundError(2, "No such file or directory", str(path))

    monkeypatch.setattr(loader, "read_file", vanish)
    with pytest.raises(ExportError, match=r"a.csv: the file cannot be read \(No such file"):
        shop.load("a.csv")


def test_a_file_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (tmp_path / os.fsdecode(b"caf\xe9.csv")).write_text(HEADER + ROWS, encoding="utf-8")
    with pytest.raises(ExportError, match=r"exports.orders.files: .* is not UTF-8; rename"):
        shop.load("*.csv")


def test_json_of_great_depth_is_a_line_like_any_other(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a.jsonl", '{"sum": ' + "[" * 20_000 + "]" * 20_000 + "}\n" + LINES)
    loaded = shop.load("a.jsonl")
    assert (loaded.rows, loaded.rejected) == (2, 1)


def test_a_folder_for_a_file_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (tmp_path / "a.csv").mkdir()
    with pytest.raises(ExportError, match=r"exports.orders.files: no file matches 'a.csv'"):
        shop.load("a.csv")


def test_a_link_to_nowhere_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (tmp_path / "a.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(ExportError, match=r"no file matches 'a.csv'"):
        shop.load("a.csv")


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="a user other than root is missing"
)
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", HEADER + ROWS).chmod(0)
    with pytest.raises(
        ExportError, match=r"a.csv: the file cannot be opened \(Permission denied\)"
    ):
        shop.load("a.csv")


def test_a_file_that_cannot_be_opened_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(tmp_path)
    path = shop.write("a.csv", HEADER + ROWS)
    opened = Path.open

    def refuse(self: Path, *arguments: Any, **named: Any) -> Any:
        if self == path:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(self, *arguments, **named)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(
        ExportError, match=r"a.csv: the file cannot be opened \(Permission denied\)"
    ):
        shop.load("a.csv")


def corrupt_rows(shop: Shop) -> None:
    shop.write("a.csv", HEADER + "bad\n" + row(amount="x") + ROW)


def corrupt_whole(shop: Shop) -> None:
    shop.write("a.csv", HEADER + ROW + '"unclosed\n' + ROW)


@pytest.mark.parametrize(
    ("corrupt", "orders"), [(corrupt_rows, ["o9"]), (corrupt_whole, ["o1", "o2"])]
)
def test_a_file_that_broke_between_two_runs(
    tmp_path: Path, corrupt: Callable[[Shop], None], orders: list[str]
) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", HEADER + ROWS)
    shop.write("b.csv", HEADER + ROWS)
    shop.load()
    corrupt(shop)
    for _ in range(2):  # a second attempt ends as the first
        try:
            shop.load()
        except ExportError as error:
            assert "a.csv: line 3" in str(error)  # noqa: PT017
        assert shop.ask("select order_id from raw.orders where _file = 'a.csv' order by _line") == [
            (order,) for order in orders
        ]
        assert shop.ask("select count(*) from raw.orders where _file = 'b.csv'") == [(2,)]


def test_an_error_in_a_later_file_keeps_what_earlier_ones_brought(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    shop.write("a.csv", HEADER + ROWS)
    shop.write("b.csv", "")
    with pytest.raises(ExportError, match=r"b.csv: the file is empty"):
        shop.load()
    assert len(shop.orders()) == 2
    shop.write("b.csv", HEADER + ROW)
    assert shop.load().files_read == 1


def test_many_bad_lines_are_as_exact_as_few(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    lines = ["bad" if number % 2 else row(order=str(number)).strip() for number in range(2, 40_002)]
    shop.write("a.csv", HEADER + "\n".join(lines) + "\n")
    loaded = shop.load()
    assert (loaded.rows, loaded.rejected) == (20_000, 20_000)
    assert shop.ask("select count(*) from raw.orders where _line <> cast(order_id as bigint)") == [
        (0,)
    ]
    assert shop.ask("select count(*), min(_line), max(_line) from ledger.rejects") == [
        (20_000, 3, 40_001)
    ]
