"""`retention export`: a table, the answer to a query or the lists of audiences, as files."""

from collections.abc import Iterator
from pathlib import Path

from ..exports.errors import ExportError
from ..exports.sql import identifier
from ..warehouse.files import Warehouse
from ..warehouse.read import read_marts
from .answers.formats import AUDIENCE_FORMATS, FILE_FORMATS
from .answers.write import write_answer
from .export_audiences import export_audiences
from .tables import no_such_table, published


def export(
    warehouse: Warehouse,
    table: str | None,
    sql: str | None,
    file_format: str | None,
    output: Path | None,
    folder: Path | None,
) -> Iterator[str]:
    """Write what is asked for; a line for each file comes back, with its rows.

    Raises ExportError where it is not clear what to write, or it cannot be written.
    """
    if (table is None) == (sql is None):
        raise ExportError(
            "export: name a table, as in: retention export monthly_churn; or give a --query"
        )
    if table == "audiences":
        if output is not None:
            raise ExportError("export: audiences are several files; name their --folder instead")
        yield from _audiences(warehouse, file_format or "csv", folder)
        return
    if folder is not None:
        raise ExportError("export: --folder is of audiences; name the --output file instead")
    wanted = _format(file_format, output)
    if table is not None:
        table = _known(warehouse, table)
    file = output or Path(f"{table or 'answer'}.{wanted}")
    asked = sql if sql is not None else f"select * from {identifier(table or '')}"
    rows = write_answer(warehouse.marts_file, asked, file.resolve(), wanted)
    yield f"{rows:>8,}  {file}"


def _audiences(warehouse: Warehouse, file_format: str, folder: Path | None) -> Iterator[str]:
    if file_format not in AUDIENCE_FORMATS:
        raise ExportError(
            f"export: audiences are written as {', '.join(AUDIENCE_FORMATS)}; for Excel:"
            ' retention export --query "from audiences where not is_holdout" --format xlsx'
        )
    marts = warehouse.marts_file
    where = (folder or marts.with_name("audiences")).resolve()
    for audience, rows in export_audiences(marts, where, file_format).items():
        yield f"{rows:>8}  {where / audience}.{file_format}"


def _format(given: str | None, output: Path | None) -> str:
    """The format that is asked for, or that the name of the file tells."""
    ending = output.suffix.lower().removeprefix(".") if output else ""
    wanted = given or ending or "csv"
    if wanted not in FILE_FORMATS:
        raise ExportError(
            f"export: {wanted} is no format of a table; give --format {', '.join(FILE_FORMATS)}"
        )
    return wanted


def _known(warehouse: Warehouse, table: str) -> str:
    name = table.lower().removeprefix("marts.")
    with read_marts(warehouse.marts_file) as con:
        known = published(con)
    if name not in known:
        raise ExportError(f"export: {no_such_table(table, known)}")
    return name
