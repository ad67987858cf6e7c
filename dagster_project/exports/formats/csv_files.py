"""CSV into the temporary table `staged`, every column as text, nothing sniffed by chance.

How the file is written is decided here from its head, so that one bad line cannot talk DuckDB into
another dialect; what DuckDB then reads is reconciled with an independent count.
"""

import io
import re
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from ..config.load import Export
from ..errors import ExportError
from ..sql import file_literal, literal
from .names import clean_name, unique_names
from .scan import (
    CARRIAGE_RETURN,
    NOT_UTF8,
    Scan,
    compression,
    csv_records,
    open_bytes,
    parse_csv,
    read_head,
    scan,
    without_marks,
)

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 100
_REASONS = {
    "MISSING COLUMNS": "has fewer columns than the header",
    "TOO MANY COLUMNS": "has more columns than the header",
    "UNQUOTED VALUE": "has an unclosed quote, or text after a closing one",
    "INVALID ENCODING": NOT_UTF8,
    "LINE SIZE OVER MAXIMUM": "is longer than 2,000,000 bytes",
}


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written, and its columns' names, each once.

    `skip` lines come before the header, `blanks` of them blank; or before the first row, where it
    has no header.
    """

    delimiter: str
    quote: str
    escape: str
    skip: int
    blanks: int
    names: tuple[str, ...]
    has_header: bool = True


def find_dialect(path: Path, export: Export) -> Dialect:
    """Decide how the file is written: by the export's `delimiter`, else by what fits its head best.

    Raises ExportError where the head is not UTF-8 text, or where a line below the first one is
    the header.
    """
    head = without_marks(read_head(path))
    lines = re.split(rb"\r\n|\n|\r", head)
    skip, blanks = _above_header(path, lines, export)
    given = export.delimiter
    if said := re.fullmatch(rb'(?i)"?sep=(.)"?', lines[skip].strip(b" ")):  # Excel's own hint
        given, skip = given or said[1].decode("latin-1"), skip + 1
    if b"\0" in b"".join(lines[skip : skip + 1]):
        raise ExportError(
            f"{path}: line {skip + 1}: NUL bytes: the file is no text; export CSV, or write "
            "`encoding: utf-16-le` where it is that"
        )
    try:
        lines[skip].decode()
    except UnicodeDecodeError as error:
        raise ExportError(
            f"{path}: line {skip + 1}, byte {error.start + 1}: the header {NOT_UTF8}"
        ) from error
    text = "\n".join(line.decode(errors="replace") for line in lines[skip:-1] or lines[skip:])
    quote = "'" if text.startswith("'") else '"'
    closing = re.escape((given or "") + "".join(DELIMITERS))
    escape = "\\" if re.search(rf'(?<!\\)\\"(?!$|["\n{closing}])', text) else quote
    wanted = {clean_name(name).lower() for name in export.named.values()}
    candidates = [given.replace("\\t", "\t")] if given else DELIMITERS
    best: tuple[tuple[int, float, int], str, list[str]] | None = None
    lower: tuple[int, int] = (0, 0)
    for delimiter in candidates:
        records = list(
            islice(parse_csv(io.StringIO(text, newline=""), delimiter, quote, escape), _SAMPLE)
        )
        header = [clean_name(name) for name in records[0]]
        widths = [len(record) for record in records[1:] if record]
        even = sum(width == len(header) for width in widths) / max(len(widths), 1)
        known = len(wanted & {name.lower() for name in header})
        score = (known, even if len(header) > 1 else 0.0, len(header))
        if best is None or score > best[0]:
            best = (score, delimiter, header)
        for number, record in enumerate(records[1:], start=1):
            found = len(wanted & {clean_name(name).lower() for name in record})
            lower = max(lower, (found, -number))
    assert best is not None
    (known, _, _), delimiter, header = best
    if export.header:
        if len(export.header) != len(header):
            raise ExportError(
                f"{path}: exports.header: it names {len(export.header)} columns, and the first line"
                f" has {len(header)}; name each"
            )
        return Dialect(delimiter, quote, escape, skip, blanks, unique_names(export.header), False)
    if lower[0] > known and 2 * lower[0] >= len(wanted) and 2 * known < len(wanted):
        raise _header_below(path, lines, skip, skip - lower[1], export)
    names = [name or f"column{number}" for number, name in enumerate(header, start=1)]
    return Dialect(delimiter, quote, escape, skip, blanks, unique_names(names))


def _above_header(path: Path, lines: list[bytes], export: Export) -> tuple[int, int]:
    """How many lines stand above the header, and how many of them are blank."""
    rows = export.skip_rows
    below = [n for n, line in enumerate(lines) if n >= rows and line.strip()]
    if not below:
        raise ExportError(
            f"{path}: exports.skip_rows: nothing is left after {rows} lines; correct `skip_rows:`"
        )
    return below[0], sum(not line.strip() for line in lines[: below[0]])


def _header_below(
    path: Path, lines: list[bytes], first: int, header: int, export: Export
) -> ExportError:
    """The error that the header is not the first line but one below; lines count from 0."""
    above = [line.lstrip()[:1].decode(errors="replace") for line in lines[first:header] if line]
    remedy = f"`skip_rows: {header}`"
    if above and set(above) <= set("#%;*") and not export.comment:
        remedy = f"`comment: '{above[0]}'`"
    return ExportError(
        f"{path}: line {first + 1} is not the header, line {header + 1} has the mapped columns; "
        f"write {remedy} into its export to leave out what stands above"
    )


def stage_csv(
    con: duckdb.DuckDBPyConnection, path: Path, export: Export, limit: int | None = None
) -> Scan:
    """Read a CSV file into `staged`, its unreadable lines into `unreadable`.

    Raises ExportError where lines cannot be told apart: nothing of the file is loaded then.
    """
    dialect = find_dialect(path, export)
    if limit is not None:
        _read(con, path, dialect, limit)
        return Scan(0, 0, False, True)
    found = scan(path, dialect.quote)
    try:
        _read(con, path, dialect)
    except duckdb.InvalidInputException as error:
        if "invalid state" not in str(error):
            raise
        with _one_kind_of_line_end(path) as copy:
            try:
                _read(con, copy, dialect)
            except duckdb.InvalidInputException as still:
                raise ExportError(
                    f"{path}: line {_lone_return(path)}: a carriage return without line feed "
                    "stands in the middle of a line; take it out, or quote the value"
                ) from still
    _note_unreadable(con, path, dialect, found.blank_lines)
    if found.ends_open:
        _stop_if_cut(con, path, dialect)
    counted = found.records - dialect.has_header - (dialect.skip - dialect.blanks)
    if len(dialect.names) == 1:  # a blank line is then a row without a value
        counted += found.blank_lines - dialect.blanks
    _reconcile(con, path, dialect, counted)
    return found


def _read(
    con: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, limit: int | None = None
) -> None:
    columns = ", ".join(f"{literal(name)}: 'varchar'" for name in dialect.names)
    con.execute("drop table if exists staged")
    con.execute("drop table if exists reject_errors; drop table if exists reject_scans")
    con.execute(
        f"create temp table staged as from read_csv({file_literal(path)}, auto_detect = false,"
        f" header = {dialect.has_header}, skip = {dialect.skip},"
        f" delim = {literal(dialect.delimiter)}, quote = {literal(dialect.quote)},"
        f" escape = {literal(dialect.escape)},"
        f" columns = {{{columns}}}, compression = {literal(compression(path))},"
        " store_rejects = true, rejects_limit = 0, hive_partitioning = false)"
        + (f" limit {limit}" if limit is not None else "")
    )


def _note_unreadable(
    con: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, blank_lines: int
) -> None:
    """Rejected lines by number; a quote that swallowed the lines after it stops the file."""
    words = " ".join(f"when {literal(k)} then {literal(v)}" for k, v in _REASONS.items())
    con.execute(
        "insert into unreadable select line - ?, arg_min(column_name, column_idx),"
        f" min(case error_type::varchar {words} else lower(error_type::varchar) end),"
        " left(min(csv_line), 2000) from reject_errors group by line",
        [dialect.skip],
    )
    swallowed = con.execute(
        "select line from reject_errors where error_type::varchar = 'UNQUOTED VALUE'"
        " and contains(trim(csv_line, chr(10) || chr(13)), chr(10)) order by line limit 1"
    ).fetchone()
    if swallowed:
        raise ExportError(
            f"{path}: line {swallowed[0]}: a quote opened there is not closed on that line; "
            "close it or take it out: the lines after it cannot be told apart"
        )
    if blank_lines and con.execute("select count(*) from unreadable").fetchall()[0][0]:
        # DuckDB counts blank lines in the numbers of rejected ones, but not among the rows
        records = csv_records(path, dialect.delimiter, dialect.quote, dialect.escape)
        blanks = [n - dialect.skip for n, record in records if not record and n > dialect.skip]
        con.execute(
            "update unreadable set line = line - len(list_filter(?::bigint[], b -> b < line))",
            [blanks],
        )


def _stop_if_cut(con: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect) -> None:
    """Raise ExportError where the file breaks off within a row: nobody knows how many follow."""
    last = con.execute("select line, text from unreadable order by line desc limit 1").fetchone()
    if last is None:
        return
    line, text = last[0], (last[1] or "").strip("\r\n")
    first, *others = text.split(dialect.delimiter)
    with open_bytes(path) as file:
        (end,) = deque(file, maxlen=1)
    is_last = end.decode(errors="replace") == text
    # a total or a note under the table begins with a word, or is a sentence
    is_value = re.search(r"\d", first) and (others or not re.search(r"\s", first))
    if is_last and is_value and len(others) + 1 < len(dialect.names):
        raise ExportError(
            f"{path}: line {line + dialect.skip}: the file breaks off within this row, which has"
            f" {len(others) + 1} of {len(dialect.names)} columns and no end; deliver it again"
        )


def _reconcile(con: duckdb.DuckDBPyConnection, path: Path, dialect: Dialect, counted: int) -> None:
    """Compare the records DuckDB saw with those counted without it."""
    ((records,),) = con.execute(
        "select (select count(*) from staged) + (select count(*) from unreadable)"
    ).fetchall()
    if counted == records:
        return
    # quotes inside an unquoted value upset the quick count: count again, slowly and exactly
    parsed = csv_records(path, dialect.delimiter, dialect.quote, dialect.escape)
    is_single = len(dialect.names) == 1
    counted = sum(bool(r) or is_single for number, r in parsed if number > dialect.skip)
    counted -= dialect.has_header
    if counted != records:
        raise ExportError(
            f"{path}: {counted} records are in the file but {records} were read; "
            "look for an unclosed quote or a stray line break, or set `delimiter:`"
        )


@contextmanager
def _one_kind_of_line_end(path: Path) -> Iterator[Path]:
    """A copy of a file that mixes line ends, with line feeds only."""
    with tempfile.TemporaryDirectory() as folder, open_bytes(path) as file:
        copy = Path(folder) / "copy.csv"
        with copy.open("wb") as out:
            held = b""
            while chunk := file.read(1 << 20):
                chunk = held + chunk
                held = b"\r" if chunk[-1] == CARRIAGE_RETURN else b""
                out.write(chunk[: len(chunk) - len(held)].replace(b"\r\n", b"\n"))
            out.write(held)
        yield copy


def _lone_return(path: Path) -> int:
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            if re.search(rb"\r(?!\n|$)", line):
                return number
    return 1
