"""What is known of a file before it is read: its content, when it was delivered, how it is mapped.

A file that is the same in all three brings the same rows, and need not be read again.
"""

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

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
_NOT_OF_ROWS = {"files", "amount_is_per", "negative_amounts", "missing_days"}


def mapping_hash(export: Export, table: Table) -> str:
    """What decides the rows a file becomes, besides its content."""
    left_out = set(_NOT_OF_ROWS)
    if "currency" not in export.columns:
        left_out.add("grain")  # it says whose currency an empty one is
    given = export.model_dump(mode="json", exclude=left_out)
    types = [
        (column.name, column.data_type, column.default, column.tells_version)
        for column in table.columns.values()
    ]
    text = json.dumps([_LOADER, given, types], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def delivery_date(path: Path) -> dt.date | None:
    """The last date in the file's name."""
    dates = [
        dt.date(int(y), int(m), int(d))
        for y, _, m, d in _DATE_IN_NAME.findall(path.name)
        if _is_date(int(y), int(m), int(d))
    ]
    return dates[-1] if dates else None


def file_date(path: Path) -> dt.date:
    """The day (UTC) the file was last written."""
    return dt.datetime.fromtimestamp(path.stat().st_mtime, tz=dt.UTC).date()


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True
