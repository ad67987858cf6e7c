"""The published marts, as people read them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ..exports.errors import ExportError
from ..exports.sql import literal


@contextmanager
def read_marts(marts: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to the published marts, closed afterwards.

    There as in every client that opens the file, `t` and `marts.t` name the same table.
    Raises ExportError before the first run, and where the file cannot be read.
    """
    if not marts.exists():
        raise ExportError(
            f"{marts}: no marts are published yet; `retention run` makes them; those of another"
            " folder: --warehouse"
        )
    with duckdb.connect() as con:
        try:
            con.execute(f"attach {literal(marts)} as marts (read_only); use marts")
        except duckdb.Error as error:
            raise ExportError(
                f"{marts}: cannot be read ({str(error).splitlines()[0]}); close it where it is open"
                " for writing; if it is damaged, move it away, and the next run publishes a new one"
            ) from error
        yield con


#: What a question may not do: read or write any other file, fetch code, look at Python's variables.
_ALONE = (
    *("enable_external_access = false", "autoinstall_known_extensions = false"),
    *("autoload_known_extensions = false", "python_enable_replacements = false"),
    "lock_configuration = true",
)


def ask(marts: Path, sql: str) -> Iterator[duckdb.DuckDBPyRelation]:
    """The answers to one or more SELECTs on the published marts, one after the other.

    Raises ExportError where the SQL is anything else or refused by DuckDB; nothing of it is run
    where a statement is no SELECT.
    """
    with read_marts(marts) as con:
        try:
            for statement in _selects(con, sql):
                answer = con.sql(statement)
                yield answer.execute()
        except duckdb.Error as error:
            raise ExportError(_refusal(error)) from error


@contextmanager
def answered(marts: Path, sql: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the answer to one SELECT in its table `answer`, closed afterwards.

    The question is asked behind the same door as others; its answer is kept in a file of its own,
    which is all that this connection knows, and which it may write to other files. Raises
    ExportError as `ask` does, and where there is more than one SELECT.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "answer.duckdb"
        try:
            with read_marts(marts) as con:
                con.execute(f"attach {literal(kept)} as kept")
                statements = _selects(con, sql)
                if len(statements) != 1:
                    raise ExportError("query: one file holds the answer to one SELECT")
                con.execute(f"create table kept.answer as {statements[0].query}")
        except duckdb.Error as error:
            raise ExportError(_refusal(error)) from error
        with duckdb.connect(str(kept), read_only=True) as con:
            con.execute("set TimeZone = 'UTC'")
            yield con


def _refusal(error: duckdb.Error) -> str:
    """What DuckDB says about a question, and where the names are to be found."""
    said = str(error).replace("Candidate bindings:", "The nearest names:")
    return f"{said}\nsee what there is: retention tables, and retention describe TABLE"


def _selects(con: duckdb.DuckDBPyConnection, sql: str) -> list[duckdb.Statement]:
    """The statements of a question, behind a locked door; refused where one is no SELECT."""
    for setting in _ALONE:
        con.execute(f"set {setting}")
    statements = con.extract_statements(sql)
    for statement in statements:
        if statement.type != duckdb.StatementType.SELECT:
            raise ExportError(
                f"query: {statement.type.name} is refused: the published marts are only"
                " read; write a SELECT"
            )
    return statements
