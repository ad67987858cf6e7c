"""Rows that did not make it, in a file of their own: read after a red run too, when no mart is."""

from pathlib import Path

import duckdb

from ..exports.contract import load_contract
from ..exports.errors import ExportError
from ..exports.sql import literal
from ..quality.rules import shape

COLUMNS = "export, file, line, what, reason, looks_like"


def write_rejects(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write every rejected and held-back row, its values by their shape only, in one go."""
    present = {
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where schema_name = 'staging'"
        ).fetchall()
    }
    parts = [
        "select export, _file as file, _line as line, 'rejected' as what, reason,"
        f" {shape('value')} as looks_like from ledger.rejects"
    ] + [
        f"select {literal(table.name)}, _file, _line, 'held back', quarantine_reason, null"
        f" from staging.{table.staged} where row_status = 'quarantined'"
        for table in load_contract().tables.values()
        if table.staged in present
    ]
    new = path.with_suffix(".new")
    con.execute(
        f"copy (from ({' union all '.join(parts)}) order by export, what, file, line)"
        f" to {literal(new)} (format parquet)"
    )
    new.replace(path)


def read_rejects(path: Path, limit: int) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """How many rows did not make it for which reason, and the first `limit` of them.

    Raises ExportError where no run has written any yet.
    """
    if not path.is_file():
        raise ExportError(
            f"{path.parent}: no run has checked an export yet; `retention run` starts one"
        )
    con = duckdb.connect()
    rows = con.sql(f"select {COLUMNS} from read_parquet({literal(path)})")
    counts = con.sql(
        "select export, what, reason, count(*) as rows, min(file) as first_file"
        " from rows group by export, what, reason order by rows desc, export, what, reason"
    )
    return counts, rows.limit(limit)
