"""`retention export audiences`: one file per audience, listing whom to write to."""

from pathlib import Path

import duckdb

from ..exports.errors import ExportError
from ..exports.sql import literal
from ..warehouse.read import read_marts
from .answers.write import safe_for_spreadsheets

#: The audiences that exist: macros/audiences.sql. One without members is written too, so that
#: yesterday's list does not stay in the folder.
AUDIENCES = (
    "viewed_not_favourited",
    "favourited_without_app",
    "mobile_web_without_app",
    "unsubscribed_from_email",
    "renewal_due",
    "likely_to_lapse",
    "win_back",
    "promoters",
)

_COPY_OPTIONS = {"csv": "format csv, header", "jsonl": "format json", "parquet": "format parquet"}


def export_audiences(marts: Path, folder: Path, file_format: str) -> dict[str, int]:
    """Write `<folder>/<audience>.<format>` for each audience; return the rows of each.

    Held-out customers are in none of them. Each file is written under another name and renamed,
    so a reader sees the whole new list or the one before. In CSV, text that a spreadsheet would
    take for a formula gets a leading apostrophe; the other formats hold it as it is.

    Raises ExportError where the marts cannot be read, hold no audiences, or the folder cannot be
    written.
    """
    rows = {}
    with read_marts(marts) as con:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for audience in AUDIENCES:
                rows[audience] = _write(con, folder, audience, file_format)
        except (OSError, duckdb.Error) as error:
            raise ExportError(f"{folder}: {error}") from error
    return rows


def _write(con: duckdb.DuckDBPyConnection, folder: Path, audience: str, file_format: str) -> int:
    file = folder / f"{audience}.{file_format}"
    new = folder / f".{file.name}.partial"
    columns = [
        f"{safe_for_spreadsheets(name) if file_format == 'csv' else name} as {name}"
        for name in ("audience", "customer_id", "channel", "reason")
    ]
    members = (
        f"select {', '.join(columns)}, since from audiences"
        f" where audience = {literal(audience)} and not is_holdout order by customer_id"
    )
    try:
        copied = con.execute(f"copy ({members}) to {literal(new)} ({_COPY_OPTIONS[file_format]})")
        counted = copied.fetchone()
        assert counted is not None
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    return int(counted[0])
