"""The demo's orders, sessions and CRM files, spoiled in ways that real exports are spoiled in.

Each mutation writes one file, or all files of an export, in another way, and runs the exports to
published marts through the gates on raw and staging. What it comes to is one of four:

    equal    the headline figures are those of the clean files, row for row and to the cent
    red      the run stops: the loader, a gate or a test of dbt's says why
    warned   figures differ, and a warning that the clean run does not have says of what
    SILENT   figures differ without a word: a fault of the product

    python -m benchmarks.mutations [--seed 0] [--first 1] [--count 60] [--only KIND]
"""

import argparse
import csv
import datetime as dt
import gzip
import io
import json
import os
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import yaml

from dagster_project.demo.ensure import ensure_demo
from dagster_project.exports.config.load import load_config
from dagster_project.exports.contract import load_contract
from dagster_project.exports.errors import ExportError
from dagster_project.quality.gates_raw import raw_gates
from dagster_project.quality.gates_staging import staging_gates
from dagster_project.quality.gx.suites import run_gates
from dagster_project.quality.nights.findings import note_findings
from dagster_project.quality.rules import note_columns
from dagster_project.settings import DEMO_EXPORTS, OFFLINE, ROOT
from tests.support.line import Line

EXPORTS = ("orders", "sessions", "customers")
#: Deliveries until then are enough to have every figure; of the CRM, the first one.
LAST = "2023-08-01"
CENT = Decimal("0.01")
MARTS = (
    *("cohort_value", "repeat_purchase", "active_customers", "monthly_churn"),
    *("source_accounting", "data_warnings"),
)
HEADLINES = {
    "revenue": "select cohort_month, months_since_first_order, revenue from cohort_value",
    "customers": "select distinct cohort_month, cohort_size from cohort_value",
    "money": "select amount_used from source_accounting where export = 'orders'",
    "repeat": "select horizon, eligible_customers, repeat_customers from repeat_purchase",
    "MAU": "select activity_date, activity, dau, wau, mau from active_customers",
    "churn": "select base, month, opening_customers, churned_customers, churn_rate"
    " from monthly_churn",
}


@dataclass(frozen=True)
class Sheet:
    """A text file as rows, and how they are written down."""

    export: str
    header: list[str]
    rows: list[list[str]]
    delimiter: str
    before: bytes = b""
    after: bytes = b""
    encoding: str = "utf-8"
    pack: bool = False
    line_end: str = "\n"

    def column(self, *names: str) -> int:
        """The place of the first of these columns that the file has."""
        return next(self.header.index(name) for name in names if name in self.header)

    def change(self, column: int, how: Callable[[str], str]) -> "Sheet":
        """The sheet with the values of a column written in another way; empty ones stay."""
        rows = [
            [how(v) if i == column and v else v for i, v in enumerate(row)] for row in self.rows
        ]
        return replace(self, rows=rows)

    def bytes(self) -> bytes:
        """The file."""
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator=self.line_end)
        writer.writerows([self.header, *self.rows])
        data = self.before + text.getvalue().encode(self.encoding) + self.after
        return gzip.compress(data, mtime=0) if self.pack else data


Kind = Callable[[Sheet, random.Random], Sheet | bytes]
KINDS: dict[str, tuple[tuple[str, ...], Kind]] = {}
MONEY, WHO = "Net Amount", ("Customer Ref", "uid", "Client ID")
KEY = ("Order No", "sid", "Client ID")
TIME = ("Placed At", "start", "Created")
OPTIONAL = ("Discount", "hits", "Born")


def _kind(*exports: str) -> Callable[[Kind], Kind]:
    def add(how: Kind) -> Kind:
        KINDS[how.__name__.strip("_")] = (exports or EXPORTS, how)
        return how

    return add


# --- rows that are no data


@_kind()
def _header_again(sheet: Sheet, dice: random.Random) -> Sheet:
    place = dice.randrange(1, len(sheet.rows))
    return replace(sheet, rows=[*sheet.rows[:place], sheet.header, *sheet.rows[place:]])


@_kind()
def _header_of_swapped_columns(sheet: Sheet, dice: random.Random) -> Sheet:
    """Two files glued together; the second has its columns in another order."""
    half, order = len(sheet.rows) // 2, dice.sample(range(len(sheet.header)), len(sheet.header))
    second = [[row[i] for i in order] for row in [sheet.header, *sheet.rows[half:]]]
    return replace(sheet, rows=[*sheet.rows[:half], *second])


@_kind()
def _total_row(sheet: Sheet, dice: random.Random) -> Sheet:
    total = ["Total", *[""] * (len(sheet.header) - 1)]
    if sheet.export == "orders":
        place = sheet.column(MONEY)
        total[place] = f"{sum(_cents(row[place]) or 0 for row in sheet.rows) / 100:.2f}"
        total[sheet.column(*TIME)] = sheet.rows[0][sheet.column(*TIME)]
    return replace(sheet, rows=[*sheet.rows, total])


@_kind()
def _note_below(sheet: Sheet, dice: random.Random) -> Sheet:
    return replace(sheet, after=f"({len(sheet.rows)} rows affected)\n".encode())


# --- numbers


@_kind("orders")
def _decimal_comma(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(MONEY), lambda v: v.replace(".", ","))


@_kind("orders")
def _three_digits_after_a_comma(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(MONEY), _with_three_digits)


def _with_three_digits(value: str) -> str:
    cents = _cents(value)
    return value if cents is None else f"{cents / 100:.3f}".replace(".", ",")


def _cents(value: str) -> int | None:
    """The amount in cents; the demo has some that are none."""
    try:
        return round(float(value) * 100)
    except ValueError:
        return None


@_kind("orders")
def _currency_sign(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(MONEY), lambda v: f"£{v}")


@_kind("orders")
def _minus_behind(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(MONEY), lambda v: f"{v[1:]}-" if v[0] == "-" else v)


@_kind("orders")
def _minus_in_parentheses(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(MONEY), lambda v: f"({v[1:]})" if v[0] == "-" else v)


@_kind("orders")
def _blanks_in_numbers(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(MONEY), lambda v: f"\u00a0{v} ")


# --- ids


@_kind()
def _ids_in_scientific_notation(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*WHO), lambda v: f"{float('4' + v[1:] + '00000'):.3E}")


@_kind()
def _ids_in_scientific_notation_without_a_point(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*WHO), lambda v: f"{int(v[3:]) % 9 + 1}E+12")


@_kind()
def _invisible_around_ids(sheet: Sheet, dice: random.Random) -> Sheet:
    sign = dice.choice(["\u200b", "\ufeff", "\u00a0", "\t", "\u00ad"])
    return sheet.change(sheet.column(*WHO), lambda v: f"{sign}{v}")


@_kind()
def _ids_as_formulas(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*WHO), lambda v: f'="{v}"')


@_kind()
def _ids_with_line_ends(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*KEY), lambda v: f"{v}\r")


# --- times


@_kind("orders")
def _offset_in_times(sheet: Sheet, dice: random.Random) -> Sheet:
    """Winter's and summer's times of London, each with its own offset."""
    london = ZoneInfo("Europe/London")
    return sheet.change(sheet.column(*TIME), _retold(lambda at: str(at.replace(tzinfo=london))))


@_kind("orders")
def _ambiguous_zone(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*TIME), lambda v: f"{v} {dice.choice(['BST', 'CST', 'IST'])}")


@_kind("orders")
def _month_before_day(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*TIME), _retold(lambda at: f"{at:%m/%d/%Y %H:%M:%S}"))


@_kind("sessions", "customers")
def _seconds_since_1970(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*TIME), _retold(lambda at: f"{at.timestamp():.0f}"))


@_kind("sessions")
def _milliseconds_since_1970(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*TIME), _retold(lambda at: f"{at.timestamp() * 1000:.0f}"))


def _retold(how: Callable[[dt.datetime], str]) -> Callable[[str], str]:
    """Moments told in another way; the demo has some that are none, and they stay."""

    def told(value: str) -> str:
        try:
            return how(dt.datetime.fromisoformat(value))
        except ValueError:
            return value

    return told


# --- optional values and columns


@_kind()
def _null_words(sheet: Sheet, dice: random.Random) -> Sheet:
    column = sheet.column(*OPTIONAL)
    word = dice.choice(["N/A", "NULL", "-", "nan", r"\N"])
    rows = [
        [word if i == column and n % 3 == 0 else v for i, v in enumerate(row)]
        for n, row in enumerate(sheet.rows)
    ]
    return replace(sheet, rows=rows)


@_kind()
def _words_in_an_optional_column(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*OPTIONAL), lambda v: "see note")


@_kind("customers", "sessions")
def _no_optional_column(sheet: Sheet, dice: random.Random) -> Sheet:
    gone = sheet.column(*OPTIONAL)
    return _taken(sheet, [i for i in range(len(sheet.header)) if i != gone])


@_kind()
def _no_required_column(sheet: Sheet, dice: random.Random) -> Sheet:
    gone = sheet.column(*TIME) if sheet.export != "customers" else sheet.column(*WHO)
    return _taken(sheet, [i for i in range(len(sheet.header)) if i != gone])


@_kind()
def _columns_in_another_order(sheet: Sheet, dice: random.Random) -> Sheet:
    return _taken(sheet, dice.sample(range(len(sheet.header)), len(sheet.header)))


@_kind()
def _a_column_twice(sheet: Sheet, dice: random.Random) -> Sheet:
    return _taken(sheet, [*range(len(sheet.header)), sheet.column(*WHO)])


@_kind()
def _dressed_header(sheet: Sheet, dice: random.Random) -> Sheet:
    return replace(sheet, header=[f" \u200b{name.upper()} " for name in sheet.header])


def _taken(sheet: Sheet, places: list[int]) -> Sheet:
    return replace(
        sheet,
        header=[sheet.header[i] for i in places],
        rows=[[row[i] for i in places] for row in sheet.rows],
    )


# --- files


@_kind()
def _another_delimiter(sheet: Sheet, dice: random.Random) -> Sheet:
    signs = [sign for sign in ",;\t|" if sign != sheet.delimiter]
    return replace(sheet, delimiter=dice.choice(signs))


@_kind()
def _sep_line(sheet: Sheet, dice: random.Random) -> Sheet:
    line = dice.choice(['"sep={}"\r\n', "SEP={}\n", "sep={}\n"]).format(sheet.delimiter)
    return replace(sheet, before=line.encode())


@_kind()
def _mark_twice(sheet: Sheet, dice: random.Random) -> Sheet:
    return replace(sheet, before=b"\xef\xbb\xbf" * 2)


@_kind()
def _utf16(sheet: Sheet, dice: random.Random) -> Sheet:
    return replace(sheet, encoding="utf-16")


@_kind()
def _windows_line_ends(sheet: Sheet, dice: random.Random) -> Sheet:
    return replace(sheet, line_end="\r\n")


@_kind()
def _gzip_padded_with_zeros(sheet: Sheet, dice: random.Random) -> bytes:
    return replace(sheet, pack=True).bytes() + bytes(512)


@_kind()
def _gzip_cut_short(sheet: Sheet, dice: random.Random) -> bytes:
    data = replace(sheet, pack=True).bytes()
    return data[: len(data) * 2 // 3]


@_kind()
def _cut_within_a_row(sheet: Sheet, dice: random.Random) -> bytes:
    data = replace(sheet, pack=False).bytes()
    return data[: data.rindex(b"\n", 0, len(data) // 2) + 9]


@_kind()
def _workbook(sheet: Sheet, dice: random.Random) -> bytes:
    return b"PK\x03\x04" + sheet.bytes()


@_kind()
def _torn_rows(sheet: Sheet, dice: random.Random) -> Sheet:
    return replace(sheet, rows=[row[:-2] if n % 2 else row for n, row in enumerate(sheet.rows)])


@_kind()
def _nul_bytes(sheet: Sheet, dice: random.Random) -> Sheet:
    return sheet.change(sheet.column(*WHO), lambda v: v + "\0")


@_kind()
def _json_lines(sheet: Sheet, dice: random.Random) -> bytes:
    lines = [json.dumps(dict(zip(sheet.header, row, strict=True))) for row in sheet.rows]
    return "\n".join(lines).encode()


@_kind()
def _json_wrapped(sheet: Sheet, dice: random.Random) -> bytes:
    rows = [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]
    return json.dumps({"data": rows, "count": len(rows)}).encode()


@_kind()
def _json_with_objects_for_ids(sheet: Sheet, dice: random.Random) -> bytes:
    who = sheet.header[sheet.column(*WHO)]
    rows = [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]
    return "\n".join(json.dumps(row | {who: {"id": row[who]}}) for row in rows).encode()


@_kind()
def _parquet_of_text(sheet: Sheet, dice: random.Random) -> bytes:
    return _parquet(sheet, "*")


@_kind()
def _parquet_of_float_ids(sheet: Sheet, dice: random.Random) -> bytes:
    who = sheet.header[sheet.column(*WHO)]
    rounded = f"cast('9' || lpad(right(\"{who}\", 5), 17, '0') as double)"
    return _parquet(sheet, f'* replace ({rounded} as "{who}")')


def _parquet(sheet: Sheet, columns: str) -> bytes:
    with tempfile.TemporaryDirectory() as room:
        text, file = Path(room) / "rows.csv", Path(room) / "rows.parquet"
        text.write_bytes(replace(sheet, pack=False, delimiter=",").bytes())
        read = f"read_csv('{text}', all_varchar = true, header = true, nullstr = '')"
        duckdb.sql(f"copy (select {columns} from {read}) to '{file}' (format parquet)")
        return file.read_bytes()


# --- orders as their lines


@_kind("orders")
def _lines_below_their_order(sheet: Sheet, dice: random.Random) -> Sheet:
    """Each order in two lines; what belongs to the order stands on the first only."""
    return _in_lines(sheet, lambda amount: (f"{amount - amount // 3}", f"{amount // 3}"), True)


@_kind("orders")
def _lines_that_repeat_the_total(sheet: Sheet, dice: random.Random) -> Sheet:
    """Each order in two lines that both bear the order's amount; nothing says so."""
    return _in_lines(sheet, lambda amount: (f"{amount}", f"{amount}"), False)


def _in_lines(sheet: Sheet, parts: Callable[[int], tuple[str, str]], blank: bool) -> Sheet:
    money, key = sheet.column(MONEY), sheet.column(*KEY)
    rows = []
    for row in sheet.rows:
        amount = _cents(row[money])
        if amount is None:
            rows.append([*row, "0"])
            continue
        for number, cents in enumerate(parts(amount)):
            kept = {key, money, sheet.column("Last Change")}
            line = [v if i in kept or not (blank and number) else "" for i, v in enumerate(row)]
            line[money] = f"{int(cents) / 100:.2f}"
            rows.append([*line, f"{number}"])
    return replace(sheet, header=[*sheet.header, "Line"], rows=rows)


# --- the runs


@dataclass(frozen=True)
class Outcome:
    """What a run came to: why it stopped, or its figures and what it warned of."""

    stopped: str | None
    figures: dict[str, list[Any]]
    warnings: frozenset[str]


def main() -> None:
    """Draw mutations, run them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--first", type=int, default=1, help="those drawn before are not run")
    parser.add_argument("--only")
    given = parser.parse_args()
    os.environ.update(OFFLINE)
    found = run_all(given.seed, given.count, given.only, given.first)
    counts = {word: sum(told == word for told in found) for word in sorted(set(found))}
    print(f"{len(found)} mutations: {counts}")
    raise SystemExit("SILENT" in counts)


def run_all(seed: int, count: int, only: str | None = None, first: int = 1) -> list[str]:
    """Run so many mutations, each kind before any again; print and return what they came to.

    All are drawn, so that they are the same ones in parts, and run from the `first` on.
    """
    dice = random.Random(seed)
    names = [name for name in KINDS if only in (None, name)]
    order = [
        name for _ in range(count // len(names) + 1) for name in dice.sample(names, len(names))
    ]
    told = []
    with tempfile.TemporaryDirectory() as room:
        line = Line(Path(room))
        config, sheets = _demo(line.folder)
        clean = _run(line, config)
        if clean.stopped:
            raise SystemExit(f"the clean files do not pass: {clean.stopped}")
        for number, name in enumerate(order[:count], start=1):
            exports, how = KINDS[name]
            export = dice.choice(exports)
            files = sheets[export]
            spoiled = (
                list(files)
                if dice.random() < 0.5 or "lines" in name
                else [dice.choice(list(files))]
            )
            made = {file: how(files[file], dice) for file in spoiled}
            if number < first:
                continue
            for file, data in made.items():
                (line.folder / file).write_bytes(data if isinstance(data, bytes) else data.bytes())
            outcome = _run(line, _with_lines(config) if "lines_" in name else config)
            word, why = _judge(clean, outcome)
            told.append(word)
            where = spoiled[0] if len(spoiled) == 1 else f"all of {export}"
            print(f"{word:7} {name:45} {where:28} {why[:400]}", flush=True)
            for file in spoiled:
                (line.folder / file).write_bytes(files[file].bytes())
    return told


def _demo(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Sheet]]]:
    """The demo's configuration of these exports, and its files, copied into the folder."""
    ensure_demo(DEMO_EXPORTS)
    config = yaml.safe_load((ROOT / "data" / "exports.yml").read_text(encoding="utf-8"))
    config["exports"] = {name: config["exports"][name] for name in EXPORTS}
    sheets: dict[str, dict[str, Sheet]] = {}
    for name, export in config["exports"].items():
        source, export["files"] = ROOT / "data" / export["files"], Path(export["files"]).name
        for path in sorted(source.parent.glob(source.name)):
            if name in sheets and path.name.split(".")[0][-len(LAST) :] > LAST:
                continue
            packed = path.suffix == ".gz"
            text = (gzip.decompress(path.read_bytes()) if packed else path.read_bytes()).decode()
            delimiter = ";" if name == "customers" else ","
            header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
            sheet = Sheet(name, header, [row for row in rows if row], delimiter, pack=packed)
            sheets.setdefault(name, {})[path.name] = sheet
            (folder / path.name).write_bytes(sheet.bytes())
    return config, sheets


def _with_lines(config: dict[str, Any]) -> dict[str, Any]:
    orders = config["exports"]["orders"]
    columns = orders["columns"] | {"line_id": "Line"}
    lines = orders | {"grain": "line", "columns": columns}
    return config | {"exports": config["exports"] | {"orders": lines}}


def _run(line: Line, config: dict[str, Any]) -> Outcome:
    line.start_anew()
    line.deliver(config, {})
    contract = load_contract()
    warnings: set[str] = set()
    try:
        line.run(marts=MARTS)
        with line.warehouse.connect() as con:
            note_columns(con, line.run_id)
            exports = load_config(line.folder / "exports.yml")
            note_findings(con, exports, contract, line.dbt.variables)
        variables = line.dbt.variables
        gates = raw_gates(contract, config["exports"], variables, line.run_id)
        gates += staging_gates(contract, config["exports"], variables)
        for results in run_gates(line.warehouse.build_file, gates).values():
            for result in results:
                for outcome in result.failed:
                    return Outcome(f"gate on {result.table}: {outcome.observed}", {}, frozenset())
                for outcome in result.warnings:
                    warnings.add(f"{result.table}: {outcome.description}: {outcome.observed}")
        line.publish()
    except (ExportError, AssertionError) as error:
        return Outcome(str(error), {}, frozenset())
    with duckdb.connect(str(line.warehouse.marts_file), read_only=True) as con:
        figures = {name: sorted(con.sql(q).fetchall(), key=repr) for name, q in HEADLINES.items()}
        told = con.sql("select export, warning from data_warnings where occurrences > 0").fetchall()
    warnings |= {f"{export}: {warning}" for export, warning in told}
    return Outcome(None, figures, frozenset(warnings))


def _judge(clean: Outcome, outcome: Outcome) -> tuple[str, str]:
    if outcome.stopped:
        return "red", " ".join(outcome.stopped.split())
    other = [name for name in HEADLINES if not _equal(clean.figures[name], outcome.figures[name])]
    new = sorted(outcome.warnings - clean.warnings)
    if not other:
        return "equal", "; ".join(new)
    moved = f"moved: {', '.join(other)}; "
    return ("warned", moved + "; ".join(new)) if new else ("SILENT", moved)


def _equal(clean: list[tuple], found: list[tuple]) -> bool:
    """Whether rows are equal, money to the cent: what is converted by line is rounded by line."""
    return len(clean) == len(found) and all(
        abs(was - now) < CENT if isinstance(was, Decimal) and now is not None else was == now
        for before, after in zip(clean, found, strict=True)
        for was, now in zip(before, after, strict=True)
    )


if __name__ == "__main__":
    main()
