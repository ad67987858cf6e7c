"""The published marts, as people read them."""

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
        raise ExportError(f"{marts}: no marts are published yet; `retention run` makes them")
    with duckdb.connect() as con:
        try:
            con.execute(f"attach {literal(marts)} as marts (read_only); use marts")
        except duckdb.Error as error:
            raise ExportError(
                f"{marts}: cannot be read ({str(error).splitlines()[0]}); close it where it is open"
                " for writing; if it is damaged, move it away, and the next run publishes a new one"
            ) from error
        yield con
