"""A file's bytes, looked at without DuckDB: their format, and how many records they hold.

The count is independent of the reader whose work it is compared with.
"""

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from backports import zstd

from ..errors import ExportError

CHUNK = 1 << 22
HEAD = 1 << 18
LINE_FEED, CARRIAGE_RETURN = 10, 13
PACKED = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PARQUET_MAGIC = b"PAR1"
BOM = b"\xef\xbb\xbf"
NOT_UTF8 = "is not UTF-8; save the file as UTF-8, or say what it is in, as in `encoding: cp1252`"
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or an Excel workbook; unpack it, or save the sheet as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save the sheet as CSV UTF-8",
    b"BZh": "compressed with bzip2; unpack it, or use gzip",
    b"\xfd7zXZ": "compressed with xz; unpack it, or use gzip",
    b"%PDF": "a PDF; export the data as CSV",
    b"\x1f\x8b": "gzip within gzip; unpack it once",
}
_TAR, _TAR_AT = b"ustar", 257
#: What invisible characters, and signs that spreadsheets put around text, look like in bytes.
_INVISIBLE = (b"\xe2\x80", b"\xe2\x81\xa0", b"\xc2\xa0", b"\xc2\xad", b"\xef\xbb\xbf")
_AROUND, _ESCAPED = (b"'", b"=", b"\t"), (b"\\t", b"\\u", b"\\r", b"\\n")
_LONGEST = max(map(len, _INVISIBLE))


@dataclass(frozen=True)
class Scan:
    """What one pass over a text file found.

    Lines with something in them, blank ones, NUL bytes, whether values may hold characters that
    nobody sees, and whether the last line has no end.
    """

    records: int
    blank_lines: int
    has_nul: bool
    may_hide: bool
    ends_open: bool = False


def compression(path: Path) -> str:
    """How the file is packed, in DuckDB's words: by its content, whatever its name."""
    with path.open("rb") as file:
        head = file.read(max(map(len, PACKED)))
    packed = (kind for magic, kind in PACKED.items() if head.startswith(magic))
    return next(packed, "uncompressed")


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """The file's bytes, unpacked. Raises ExportError where a packed one is damaged or cut short."""
    kind = compression(path)
    with path.open("rb") as file:
        try:
            if kind == "gzip":
                yield gzip.GzipFile(fileobj=file)  # type: ignore[misc]
            elif kind == "zstd":
                yield zstd.ZstdFile(file)  # type: ignore[misc]
            else:
                yield file
        except (EOFError, gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
            raise ExportError(
                f"{path}: the {kind} file is damaged or cut short ({error}); deliver it again"
            ) from error


def is_text(head: bytes) -> bool:
    """Whether a file that begins like this may be text, in whatever encoding."""
    return not head.startswith((PARQUET_MAGIC, *_FOREIGN))


def read_head(path: Path) -> bytes:
    """The first bytes of a file, unpacked."""
    with open_bytes(path) as file:
        return file.read(HEAD)


def without_marks(head: bytes) -> bytes:
    """The bytes without the byte-order marks they begin with; some tools write two."""
    while head.startswith(BOM):
        head = head.removeprefix(BOM)
    return head


def file_format(path: Path) -> str:
    """'parquet', 'json' or 'csv', by what is in the file.

    Raises ExportError where the file is empty or of a kind that is known but not read.
    """
    head = read_head(path)
    if head.startswith(PARQUET_MAGIC):
        return "parquet"
    for magic, what in _FOREIGN.items():
        if head.startswith(magic):
            raise ExportError(f"{path}: the file is {what}")
    if head[_TAR_AT : _TAR_AT + len(_TAR)] == _TAR:
        raise ExportError(f"{path}: the file is a tar archive; unpack it and name what is in it")
    text = without_marks(head).lstrip()
    if not text:
        raise ExportError(f"{path}: the file is empty; export it again or take it out of `files`")
    return "json" if text[:1] in (b"{", b"[") else "csv"


def scan(path: Path, quote: str = "", nul: bytes = b"\0") -> Scan:
    """Count the lines of a text file, except those inside quotes; read a packed one to its end.

    DuckDB silently takes what it can of a truncated gzip, and passes NUL bytes. `nul` is how
    the format writes a NUL. A quote that opens no field upsets the count: see `count_records`.
    """
    records = blanks = offset = 0
    last_end, last_byte, inside, tail, has_nul, may_hide = -1, b"", 0, b"", False, False
    with open_bytes(path) as file:
        end = LINE_FEED
        while chunk := file.read(CHUNK):
            if not offset and LINE_FEED not in chunk and CARRIAGE_RETURN in chunk:
                end = CARRIAGE_RETURN
            seen = tail + chunk
            has_nul = has_nul or nul in seen
            may_hide = may_hide or _may_hide(seen)
            tail = chunk[-max(len(nul), _LONGEST) :]
            codes = np.frombuffer(last_byte + chunk, np.uint8)
            shift = len(last_byte)
            ends = np.flatnonzero(codes[shift:] == end)
            if quote and (inside or ord(quote) in chunk):
                may_hide = True  # line ends, for one
                quotes = np.cumsum(codes[shift:] == ord(quote), dtype=np.uint8) + np.uint8(inside)
                ends = ends[quotes[ends] & 1 == 0]
                inside = int(quotes[-1] & 1)
            gaps = np.diff(ends + offset, prepend=last_end)
            after_return = codes[np.maximum(ends + shift - 1, 0)] == CARRIAGE_RETURN
            is_blank = (gaps == 1) | ((gaps == 2) & after_return & (end == LINE_FEED))
            blanks += int(np.count_nonzero(is_blank))
            records += len(ends)
            last_end = int(ends[-1]) + offset if len(ends) else last_end
            offset += len(chunk)
            last_byte = chunk[-1:]
    ends_open = bool(offset) and last_end != offset - 1
    return Scan(records + ends_open - blanks, blanks, has_nul, may_hide, ends_open)


def _may_hide(text: bytes) -> bool:
    return (
        any(sign in text for sign in _AROUND)
        or (b"\\" in text and any(signs in text for signs in _ESCAPED))
        or (not text.isascii() and any(signs in text for signs in _INVISIBLE))
    )


def csv_records(
    path: Path, delimiter: str, quote: str, escape: str = ""
) -> Iterator[tuple[int, list[str]]]:
    """The file's records by Python's csv module, each with its number, blank lines counted."""
    csv.field_size_limit(sys.maxsize)
    with open_bytes(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        yield from enumerate(parse_csv(text, delimiter, quote, escape), start=1)


def parse_csv(
    lines: Iterator[str] | io.StringIO | io.TextIOWrapper, delimiter: str, quote: str, escape: str
) -> Iterator[list[str]]:
    """Python's csv reader; a delimiter of several characters is understood as well."""
    source = lines if len(delimiter) == 1 else (s.replace(delimiter, "\x1f") for s in lines)
    return csv.reader(
        source,
        delimiter=delimiter if len(delimiter) == 1 else "\x1f",
        quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=escape != "\\",
        escapechar="\\" if escape == "\\" else None,
    )
