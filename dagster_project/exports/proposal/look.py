"""What a sample of a file holds: its columns, those within objects too, and their values."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import duckdb

from ..config.load import Export
from ..formats.csv_files import find_dialect
from ..formats.json_files import select_of
from ..formats.readers import read_file
from ..formats.scan import file_format, read_head, without_marks
from ..formats.transcoding import readable
from ..mapping import numbers
from ..sql import identifier, literal
from .words import known_words, meaning

SAMPLE_ROWS = 10_000
_NEARLY_ALL = 0.9  # of the values: exports hold bad ones
_DEPTH = 2
#: Values listed where a column has few.
_FEW = 40
#: Of Western Europe, of Central Europe, Cyrillic, Turkish.
_ENCODINGS = ("cp1252", "cp1250", "cp1251", "cp1254")
CURRENCIES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BGN",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "ISK",
        "JPY",
        "KRW",
        "KZT",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PLN",
        "RON",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "UAH",
        "USD",
        "VND",
        "ZAR",
    ]
)
_DAYS: tuple[str, ...] = (
    "%d.%m.%Y",
    "%d.%m.%y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%Y",
)
_DAYS += ("%m-%d-%Y", "%d-%m-%y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y")
_DAYS += ("%Y.%m.%d", "%d %B %Y", "%a, %d %b %Y", "%Y/%m/%d", "%y/%m/%d", "%y-%m-%d", "%y.%m.%d")
_HOURS: tuple[str, ...] = (
    "",
    " %H:%M",
    " %H:%M:%S",
    " %I:%M %p",
    " %I:%M:%S %p",
    ", %H:%M",
    ", %H:%M:%S",
)
_HOURS += (", %I:%M %p", ", %I:%M:%S %p", " %H:%M:%S %z", " %H:%M:%S %Z", " %H:%M %Z")
_FORMATS = tuple(day + hour for day in _DAYS for hour in _HOURS)
#: The same, the day and the month in the other order.
SWAPPED = {"%d/%m/": "%m/%d/", "%m/%d/": "%d/%m/", "%d-%m-": "%m-%d-", "%m-%d-": "%d-%m-"}


@dataclass(frozen=True)
class Values:
    """What a sample of a column holds; shares are of its values that are not empty."""

    rows: int
    filled: int
    distinct: int
    is_number: bool = False
    is_whole: bool = False
    lowest: float = 0.0
    highest: float = 0.0
    has_decimal_comma: bool = False
    is_boolean: bool = False
    is_email: bool = False
    is_currency: bool = False
    is_iso_time: bool = False
    is_day: bool = False
    has_offset: bool = False
    epoch: str = ""
    formats: tuple[str, ...] = ()
    is_nested: bool = False
    has_rows: bool = False
    longest: int = 0
    few: tuple[tuple[str, int], ...] = ()

    @property
    def is_time(self) -> bool:
        """Whether the values are moments or days, in whatever way they are written."""
        return self.is_iso_time or bool(self.epoch or self.formats)

    @property
    def is_unique(self) -> bool:
        """Whether nearly no value occurs twice."""
        return self.filled > 0 and self.distinct >= 0.99 * self.filled

    @property
    def repeats(self) -> bool:
        """Whether values occur again, as those of a customer do."""
        return self.filled > self.distinct


@dataclass(frozen=True)
class Look:
    """What is known of files of the same columns: how they are read, and a sample of the largest.

    The sample stands in the temporary table `table`, every value as text, fields within objects by
    their paths.
    """

    files: list[Path]
    options: dict[str, Any]
    values: dict[str, Values]
    table: str
    is_text: bool
    delimiter: str = ""
    largest: Path = field(default_factory=Path)

    @property
    def name(self) -> str:
        """The table's name, quoted."""
        return identifier(self.table)


def probe(options: Mapping[str, Any]) -> Export:
    """An export that asks for no column yet."""
    return Export.model_validate({"files": ["-"], "columns": {"-": "-"}, **options})


def look_at(
    con: duckdb.DuckDBPyConnection,
    files: list[Path],
    table: str,
    more: Mapping[str, Any] | None = None,
) -> Look:
    """Read a sample of the largest file, with `more` options than those that it needs to be read.

    Raises ExportError where it cannot be read.
    """
    largest = max(files, key=lambda file: file.stat().st_size)  # a first delivery may be empty
    options, delimiter = _options(con, largest)
    options |= more or {}
    found = read_file(con, largest, probe(options), limit=SAMPLE_ROWS)
    columns = dict(_columns(con, found.columns))
    listed = ", ".join(f"{sql} as {identifier(name)}" for name, sql in columns.items())
    con.execute(
        f"create or replace temp table {identifier(table)} as select {listed} from incoming"
    )
    is_text = all(kind == "VARCHAR" for kind in found.columns.values())
    values = {name: values_of(con, identifier(table), name) for name in columns}
    for name, kind in found.columns.items():
        if kind == "TIMESTAMP WITH TIME ZONE" and name in values:
            values[name] = Values(**{**values[name].__dict__, "has_offset": True})
    return Look(files, options, values, table, is_text, delimiter, largest)


def _options(con: duckdb.DuckDBPyConnection, path: Path) -> tuple[dict[str, Any], str]:
    """What has to be said for the file to be read: its encoding, lines above the header, names.

    Of JSON, where the rows are, if one object is around them all.
    """
    options: dict[str, Any] = {}
    if not _is_utf8(path):
        options["encoding"] = _encoding(path)
    with readable(path, probe(options)) as source:
        if (kind := file_format(source)) != "csv":
            if kind == "json" and (found := _wrapped(con, path, options)):
                options["select"] = select_of(found)
            return options, ""
        skip = _lines_above(source, probe(options))
        if skip:
            options["skip_rows"] = skip
        dialect = find_dialect(source, probe(options))
    data = sum(bool(_looks_like_data(name)) for name in dialect.names)
    if data and not any(re.fullmatch(r"[A-Za-z][A-Za-z ]{2,}", name) for name in dialect.names):
        options["header"] = [f"column{number}" for number in range(1, len(dialect.names) + 1)]
    return options, dialect.delimiter


def _wrapped(
    con: duckdb.DuckDBPyConnection, path: Path, options: Mapping[str, Any]
) -> tuple[str, ...]:
    """The path to the longest list of objects within the only object of the file, if there is one.

    An object that says by itself whose it is, or which order, is an order with its lines.
    """
    names = read_file(con, path, probe(options), limit=2).columns
    rows = con.execute(f"select {', '.join(map(identifier, names))} from incoming").fetchall()
    if len(rows) != 1 or any(_is_an_orders(name) for name in names):
        return ()
    lists = [
        (len(found), (name, *below))
        for name, value in zip(names, rows[0], strict=True)
        if isinstance(value, str) and value[:1] in ("{", "[")
        for below, found in _lists(json.loads(value))
    ]
    length, found = max(lists, default=(0, ()))
    return found if length > 1 else ()


def _is_an_orders(name: str) -> bool:
    words = set(meaning(name))
    return {"order", "id"} <= words or bool({"customer", "email"} & words)


def _lists(value: object) -> Iterator[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    """The lists of objects in it, each with the path to it."""
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        yield (), value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from (((key, *below), found) for below, found in _lists(inner))


def _is_utf8(path: Path) -> bool:
    head = without_marks(read_head(path))
    if b"\0" in head or head[:4] == b"PAR1":
        return True
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4
    return True


def _encoding(path: Path) -> str:
    """Of the encodings of Windows, the one in which most words of the beginning are known."""
    head = without_marks(read_head(path))[:4000]

    def known(encoding: str) -> int:
        words = set(re.findall(r"[^\W\d_]{3,}", head.decode(encoding, errors="replace")))
        return len({part for word in words for part in meaning(word)} & known_words())

    return max(_ENCODINGS, key=known)


def _lines_above(path: Path, export: Export) -> int:
    """Lines above the header: titles have fewer columns than what most lines have."""
    text = without_marks(read_head(path)).decode(errors="replace")
    lines = text.splitlines()[:60]
    counts = {
        sign: [len(re.sub(r'"[^"]*"', "", line).split(sign)) for line in lines]
        for sign in (",", ";", "\t", "|")
    }
    best = max(counts, key=lambda sign: sorted(counts[sign])[len(lines) // 2])
    widths = counts[best]
    usual = max(set(widths), key=widths.count)
    if usual < 3:
        return 0
    first = next(n for n, width in enumerate(widths) if width == usual)
    # a spreadsheet's titles have all columns, and something in the first alone
    titles = takewhile(
        lambda line: (
            len([cell for cell in line.split(best) if cell.strip(' "')]) <= max(1, usual // 4)
        ),
        lines[first:],
    )
    first += len(list(titles))
    above = lines[:first]
    if first > 15 or any(line.lower().startswith(("sep=", '"sep=')) for line in above):
        return 0
    return first if any(line.strip() for line in above) else 0


def _looks_like_data(name: str) -> bool:
    return bool(re.fullmatch(r"[-+]?[0-9][0-9.,:/ TZ-]*|[^@ ]+@[^@ ]+\.[a-z]+", name.strip()))


def _columns(con: duckdb.DuckDBPyConnection, kinds: dict[str, str]) -> Iterator[tuple[str, str]]:
    """The sample's columns and fields within objects, each with the SQL of its text."""
    for name, kind in kinds.items():
        text = f"cast({identifier(name)} as varchar)"
        if kind.startswith(("STRUCT", "MAP", "UNION")) or kind.endswith("]"):
            text = f"cast(to_json({identifier(name)}) as varchar)"
        yield name, text
        yield from _fields(con, name, text, _DEPTH)


def _fields(
    con: duckdb.DuckDBPyConnection, path: str, text: str, depth: int
) -> Iterator[tuple[str, str]]:
    is_object = f"bool_and({text}[1] = '{{' and json_valid({text}))"
    ((nested,),) = con.execute(f"select {is_object} from incoming where {text} <> ''").fetchall()
    if not nested or not depth:
        return
    keys = con.execute(
        f"select distinct unnest(json_keys(cast({text} as json))) from incoming where {text} <> ''"
        " order by 1 limit 60"
    ).fetchall()
    for (key,) in keys:
        escaped = key.replace("\\", "\\\\").replace('"', '\\"')
        place = literal('$."' + escaped + '"')
        inner = f"json_extract_string({text}, {place})"
        yield f"{path}.{key}", inner
        yield from _fields(con, f"{path}.{key}", inner, depth - 1)


#: What begins as a day does: 3.1.2024, 03-Jan-24, Jan 3, 2024, Wed, 3 Jan 2024.
_DATED = (
    r"^([0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{2,4}\b|[0-9]{1,2}[- ][A-Za-z]{3,9}[-, ]+[0-9]{2,4}"
    r"|[A-Za-z]{3,9} [0-9]{1,2}, [0-9]{4}|[A-Za-z]{3}, [0-9]{1,2} [A-Za-z]{3} [0-9]{4})"
)
_NUMBER = r"[+-]?(\d+|\d{1,3}([,'’   ]\d{3})+)?(\.\d+)?"
#: Money with a sign, a percentage, parentheses.
_STYLED = rf"\(?[-+]?\s*{numbers.CURRENCY}?\s*[-+]?\d[\d.,'’   ]*{numbers.CURRENCY}?\)?"


def values_of(con: duckdb.DuckDBPyConnection, table: str, name: str) -> Values:
    """What a column of text holds; words for nothing are empty."""
    column = identifier(name)
    source = (
        f"(select trim({column}) as v from {table} where trim({column}) <> ''"
        f" and lower(trim({column})) not in ('null', 'none', 'nan', '\\n', '-', '--', ' --'))"
    )
    number = "try_cast(replace(replace(v, ',', ''), ' ', '') as double)"
    by_comma = "try_cast(replace(replace(replace(v, '.', ''), ' ', ''), ',', '.') as double)"
    rows, filled, distinct, low, high, *measured = con.execute(
        f"select (select count(*) from {table}), count(*), count(distinct v),"
        f" coalesce(min({number}), 0), coalesce(max({number}), 0),"
        f" coalesce(min({by_comma}), 0), coalesce(max({by_comma}), 0),"
        " coalesce(max(length(v)), 0),"
        " coalesce(bool_and(v[1] in ('{', '[')), false),"
        " coalesce(bool_and(regexp_matches(v, '^\\[\\s*(\\{|\\])')), false),"
        + ", ".join(
            f"coalesce(avg(cast(coalesce({test}, false) as integer)), 0)"
            for test in (
                f"regexp_full_match(v, {literal(_NUMBER)})",
                f"regexp_full_match(v, {literal(_STYLED)})",
                "regexp_full_match(v, '-?[0-9]+(\\.0+)?')",
                f"regexp_full_match(v, {literal(numbers.DECIMAL_COMMA)}) and contains(v, ',')"
                " and not regexp_full_match(v, '[1-9][0-9]{0,2}(,[0-9]{3})+')",
                "try_cast(v as boolean) is not null or lower(v) in ('yes', 'no', 'on', 'off')",
                "regexp_full_match(v, '[^@\\s{\\[]+@[^@\\s]+\\.[^@\\s]+')",
                f"upper(v) in ({', '.join(map(literal, sorted(CURRENCIES)))})",
                "regexp_matches(v, '^[0-9]{4}[-/]') and try_cast("
                "regexp_replace(v, ' ?([+-][0-9]{2}):?([0-9]{2})$', '\\1:\\2') as timestamptz)"
                " is not null",
                "contains(v, ':')",
                "regexp_matches(v, '[0-9]( ?UTC|Z| ?[+-][0-9]{2}(:?[0-9]{2})?)$')",
                "regexp_full_match(v, '(19|20)[0-9]{6}') and try_strptime(v, '%Y%m%d') is not null",
                "try_cast(v as double) between 946684800 and 2051222400",
                "try_cast(v as double) between 946684800000 and 2051222400000",
                "try_cast(v as double) between 946684800000000 and 2051222400000000",
                f"regexp_matches(v, {literal(_DATED)})",
            )
        )
        + f" from {source}"
    ).fetchall()[0]
    low_by_comma, high_by_comma, longest, nested, listed, *shares = measured
    (number, styled, whole, comma, boolean, email, currency, iso, clock, offset) = shares[:10]
    day8, seconds, millis, micros, dated = shares[10:]
    epoch = ""
    for unit, share in zip(
        ("days", "seconds", "milliseconds", "microseconds"),
        (day8, seconds, millis, micros),
        strict=True,
    ):
        if share >= _NEARLY_ALL and not epoch:
            epoch = unit
    formats: tuple[str, ...] = ()
    if iso < _NEARLY_ALL and dated >= _NEARLY_ALL and number < _NEARLY_ALL:
        formats = _formats(con, source)
    few: tuple[tuple[str, int], ...] = ()
    if filled and distinct <= _FEW:
        few = tuple(
            con.execute(
                f"select v, count(*) from {source} group by v order by 2 desc, 1"
            ).fetchall()
        )
    is_clocked = (
        clock >= _NEARLY_ALL or (formats and "%H" in formats[0]) or epoch not in ("", "days")
    )
    if formats and not is_clocked:
        is_clocked = "%I" in formats[0]
    has_comma = comma > 0 and comma + number >= _NEARLY_ALL
    return Values(
        rows=rows,
        filled=filled,
        distinct=distinct,
        is_number=max(number, comma, styled, number + comma) >= _NEARLY_ALL and not formats,
        is_whole=whole >= _NEARLY_ALL,
        lowest=low_by_comma if has_comma else low,
        highest=high_by_comma if has_comma else high,
        has_decimal_comma=has_comma,
        is_boolean=filled > 0 and boolean >= _NEARLY_ALL,
        is_email=filled > 0 and email >= _NEARLY_ALL,
        is_currency=filled > 0 and currency >= _NEARLY_ALL,
        is_iso_time=iso >= _NEARLY_ALL,
        is_day=not is_clocked and (iso >= _NEARLY_ALL or bool(formats) or epoch == "days"),
        has_offset=offset >= _NEARLY_ALL and clock >= _NEARLY_ALL,
        epoch=epoch,
        formats=formats,
        is_nested=bool(nested) and filled > 0,
        has_rows=bool(listed) and filled > 0,
        longest=longest,
        few=few,
    )


def _formats(con: duckdb.DuckDBPyConnection, source: str) -> tuple[str, ...]:
    """The formats that read the most of a sample's values: several where it can be read so."""
    some = f"select distinct v from {source} order by hash(v), v limit 40"
    con.execute(f"create or replace temp table some_times as {some}")
    seen = _shares(con, "some_times", _FORMATS)
    able = [form for form, share in zip(_FORMATS, seen, strict=True) if share]
    if not able:
        return ()
    shares = _shares(con, f"(from {source} limit 5000)", able)
    best = max(shares)
    if best < _NEARLY_ALL:
        return ()
    found = [form for form, share in zip(able, shares, strict=True) if share == best]
    # a year that is read where the day stands makes decades of months
    spans = con.execute(
        "select "
        + ", ".join(
            f"date_diff('year', min(try_strptime(v, {literal(form)})),"
            f" max(try_strptime(v, {literal(form)})))"
            for form in found
        )
        + f" from (from {source} limit 5000)"
    ).fetchall()[0]
    likely = [form for span, form in zip(spans, found, strict=True) if span <= min(spans) + 10]
    return tuple(likely)


def _shares(con: duckdb.DuckDBPyConnection, source: str, formats: Sequence[str]) -> list[float]:
    """The share of the values that each format reads as a day of our time."""
    # one query for each: the planner takes seconds for hundreds of formats in one
    read = "avg(cast(coalesce(year(try_strptime(v, {})) between 1970 and 2100, false) as integer))"
    return [
        con.execute(f"select {read.format(literal(form))} from {source}").fetchall()[0][0]
        for form in formats
    ]


def same_columns(con: duckdb.DuckDBPyConnection, files: list[Path]) -> list[list[Path]]:
    """The files, those of the same columns together."""
    groups: dict[frozenset[str], list[Path]] = {}
    for file in files:
        options, _ = _options(con, file)
        found = read_file(con, file, probe(options), limit=100).columns
        groups.setdefault(frozenset(name.lower() for name in found), []).append(file)
    return list(groups.values())
