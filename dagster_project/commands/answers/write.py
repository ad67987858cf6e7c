"""Answers as files: CSV, Parquet and Excel, each written whole or not at all."""

from pathlib import Path

import duckdb

from ...exports.errors import ExportError
from ...exports.sql import identifier, literal
from ...warehouse.read import answered

#: Spreadsheets take a cell that begins with one of these for a formula (OWASP, CSV injection).
_FORMULA_STARTS = r"^[=+\-@\t\r\n]"
_COPY_OPTIONS = {"csv": "format csv, header", "parquet": "format parquet"}


def write_answer(marts: Path, sql: str, file: Path, file_format: str) -> int:
    """Write the answer to one SELECT on the published marts to a file; how many rows it has.

    The file is written under another name and renamed, so a reader sees the whole new one or the
    one before. Raises ExportError where the question is refused, and where the answer does not fit
    the format or cannot be written.
    """
    new = file.with_name(f".{file.name}.partial")
    if file.is_dir():
        raise ExportError(f"{file} is a folder; name a file in it")
    if not file.parent.is_dir():
        raise ExportError(f"{file}: cannot be written (its folder does not exist)")
    with answered(marts, sql) as con:
        try:
            if file_format == "xlsx":
                from .spreadsheet import write_sheet  # takes as long to import as all the rest

                write_sheet(con.table("answer"), new)
            else:
                shown = _safe_columns(con) if file_format == "csv" else "*"
                con.execute(
                    f"copy (select {shown} from answer) to {literal(new)}"
                    f" ({_COPY_OPTIONS[file_format]})"
                )
            ((rows,),) = con.execute("select count(*) from answer").fetchall()
            new.replace(file)
        except (duckdb.Error, OSError) as error:
            raise ExportError(f"{file}: cannot be written ({error})") from error
        finally:
            new.unlink(missing_ok=True)
    return int(rows)


def safe_for_spreadsheets(column: str) -> str:
    """SQL of a text with an apostrophe before what a spreadsheet would take for a formula."""
    return (
        f"case when regexp_matches({column}, {literal(_FORMULA_STARTS)})"
        f" then '''' || {column} else {column} end"
    )


def _safe_columns(con: duckdb.DuckDBPyConnection) -> str:
    answer = con.table("answer")
    columns = [
        f"{safe_for_spreadsheets(name)} as {name}" if str(kind) == "VARCHAR" else name
        for name, kind in zip(map(identifier, answer.columns), answer.types, strict=True)
    ]
    return ", ".join(columns)
