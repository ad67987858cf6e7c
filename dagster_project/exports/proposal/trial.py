"""A draft tried on a sample of its files: by the loader, into a database that is forgotten."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..config.load import ExportsConfig, read_config
from ..errors import ExportError
from ..loading.loader import Loaded, Run, load_export, prepare
from .draft import Draft, Reading, scalar
from .look import SAMPLE_ROWS

RUN = Run("a sample", dt.datetime(1970, 1, 1))  # noqa: DTZ001
#: The money, or what is counted like it, of each export that has any.
_SUMMED = {"marketing_spend": "cost", "loyalty_points": "points"}


@dataclass(frozen=True)
class Tried:
    """What a sample of the files became."""

    rows: int
    rejected: int
    reason: str | None
    total: float | None
    first: dt.date | None
    last: dt.date | None

    def __str__(self) -> str:
        said = f"{self.rows:,} rows"
        if self.total is not None:
            said = f"{self.total:,.2f}"
        if self.first:
            said += f", {self.first} to {self.last}"
        return f"{said}, {self.rejected:,} rejected" if self.rejected else said


def config_of(draft: Draft, folder: Path, reading: Reading | None = None) -> ExportsConfig:
    """A configuration of the draft alone, for a sample. Raises ExportError where it is wrong."""
    content = {
        "settings": {"files_outside_folder": True},  # who runs `init` has named them
        "exports": {draft.table.name: draft.content(folder, reading, is_sample=True)},
    }
    return read_config(scalar(content), folder / "exports.yml")


def load_sample(
    con: duckdb.DuckDBPyConnection, draft: Draft, folder: Path, reading: Reading | None = None
) -> tuple[ExportsConfig, Loaded]:
    """Load a sample of the draft's largest file into a database of its own or beside others.

    Raises ExportError where it cannot be loaded.
    """
    config = config_of(draft, folder, reading)
    con.execute("set TimeZone = 'UTC'; set enable_progress_bar = false")
    prepare(con, config)
    return config, load_export(con, config, draft.table.name, RUN, limit=SAMPLE_ROWS)


def tried(draft: Draft, folder: Path, reading: Reading | None = None) -> Tried:
    """What the draft, in one of its readings, makes of a sample of its largest file.

    Raises ExportError where the files cannot be loaded by it.
    """
    name = draft.table.name
    with duckdb.connect() as con:
        config, loaded = load_sample(con, draft, folder, reading)
        money = _SUMMED.get(name, "amount" if "amount" in draft.table.columns else None)
        total = f"sum({money})::double" if money else "null"
        rows = f"raw.{name}"
        if name == "orders" and config.exports[name].is_per("amount") == "order":
            per_order = "max(amount) as amount, min(ordered_at) as ordered_at"
            rows = f"(select {per_order} from {rows} group by order_id)"
        day = f"cast({{}}({draft.table.time}) as date)" if draft.table.time else "null"
        row = con.execute(
            f"select {total}, {day.format('min')}, {day.format('max')} from {rows}"
        ).fetchall()[0]
        reason = con.execute(
            "select reason from ledger.rejects group by reason order by count(*) desc, 1 limit 1"
        ).fetchone()
    return Tried(loaded.rows, loaded.rejected, reason[0] if reason else None, *row)


def mended(draft: Draft, folder: Path) -> Tried:
    """The draft, tried until it loads: optional columns that hinder it are left out, and named.

    Raises ExportError where nothing helps.
    """
    for _ in range(len(draft.columns)):
        try:
            return tried(draft, folder)
        except ExportError as error:
            found = re.search(
                rf"exports\.{draft.table.name}\.columns\.(\w+)", str(error)
            ) or re.search(r": columns\.(\w+)\.sql", str(error))
            column = draft.table.columns.get(found[1]) if found else None
            if not found or found[1] not in draft.columns or (column and column.is_required):
                raise
            draft.columns.pop(found[1])
            draft.remarks.append(f"{found[1]} could not be mapped: {_short(error, draft)}")
    return tried(draft, folder)


def _short(error: ExportError, draft: Draft) -> str:
    return str(error).split(f"exports.{draft.table.name}.columns.")[-1].split("\n")[0]
