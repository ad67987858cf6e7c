"""What is known of a file before it is read: its content, when it was delivered, how it is mapped.

A file that is the same in all three brings the same rows, and need not be read again.
"""

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..config.load import Export
from ..contract import Table
from ..errors import ExportError

#: Incremented when the loader makes different rows from the same file and mapping.
_LOADER = 4
_DATE_IN_NAME = re.compile(
    r"(?<!\d)((?:19|20)\d{2})([-_.]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)"
)


@dataclass(frozen=True)
class Fingerprint:
    """What the ledger knows a file by."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Delivery:
    """A file to be loaded: its name as `files` has it, and what decides the rows it becomes."""

    name: str
    path: Path
    fingerprint: Fingerprint
    mapping: str
    delivered_at: dt.date


def fingerprint(path: Path) -> Fingerprint:
    """Size and content hash of a file. Raises ExportError where it cannot be opened."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Fingerprint(path.stat().st_size, digest)
    except OSError as error:
        raise ExportError(
            f"{path}: the file cannot be opened ({error.strerror}); let this user read it"
        ) from error


#: Keys of an export that do not affect the rows its files become.
_NOT_OF_ROWS = {"files", "amount_is_per", "amounts", "negative_amounts", "missing_days", "accept"}
#: Keys that came later: where they say nothing, files that were loaded before need not be again.
_ADDED = {"header", "joined"}


def mapping_hash(export: Export, table: Table) -> str:
    """What decides the rows a file becomes, besides its content."""
    left_out = _NOT_OF_ROWS | {name for name in _ADDED if not getattr(export, name)}
    if isinstance(export.amount_is_per, dict):
        left_out.discard("amount_is_per")  # a column's own word came later than one for all
    if "currency" not in export.columns:
        left_out.add("grain")  # it says whose currency an empty one is
    given = export.model_dump(mode="json", exclude=left_out)
    types = [
        (column.name, column.data_type, column.default, column.tells_version)
        for column in table.columns.values()
    ]
    joined = [fingerprint(Path(path)).sha256 for path in export.joined.values()]
    if joined:
        given["joined"] = joined
    text = json.dumps([_LOADER, given, types], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def delivery_date(file: str, others: Iterable[str]) -> dt.date | None:
    """The day that a file's name tells, where it is one by its pattern: the last date in it.

    It is if the date is the only number in the name, or if another file of the export is named
    the same but for its dates. A number that merely looks like a date is none.
    """
    name = PurePosixPath(file).name
    dates = name_dates(file)
    if not dates:
        return None
    pattern = _DATE_IN_NAME.sub("#", name)
    named_alike = (PurePosixPath(other).name for other in others if other != file)
    if not re.search(r"\d", pattern):
        return dates[-1]
    is_series = any(
        _DATE_IN_NAME.sub("#", other) == pattern and name_dates(other)[-1:] != dates[-1:]
        for other in named_alike
    )
    return dates[-1] if is_series else None


def name_dates(file: str) -> list[dt.date]:
    """What could be dates in a file's name."""
    found = _DATE_IN_NAME.findall(PurePosixPath(file).name)
    return [
        dt.date(int(y), int(m), int(d)) for y, _, m, d in found if _is_date(int(y), int(m), int(d))
    ]


def file_date(path: Path) -> dt.date:
    """The day (UTC) the file was last written."""
    return dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC).date()


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True
