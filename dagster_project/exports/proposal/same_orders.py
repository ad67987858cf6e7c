"""Files about orders that another file has already, as payments are: united, they count twice."""

from dataclasses import replace
from pathlib import Path

import duckdb

from ..errors import ExportError
from ..formats.expressions import HIDDEN
from ..formats.readers import read_file
from ..sql import identifier
from .draft import Draft
from .look import Look
from .roles import tokens
from .trial import config_of

#: Files that have so many numbers in common are about the same orders.
_MOSTLY = 0.5


def same_orders(
    con: duckdb.DuckDBPyConnection, orders: Draft, other: Draft, look: Look, folder: Path
) -> str | None:
    """How many orders that another file names are among the orders; None where few are.

    The files are read whole: their samples may be of different orders.
    """
    named = [n for n in look.values if "order" in tokens(n) and set(tokens(n)) <= {"order", "id"}]
    if "order_id" not in orders.columns or not (named or "order_id" in other.columns):
        return None
    found = []
    try:
        _numbers(con, orders, folder, "known_orders")
        for column in named or [other.columns["order_id"]]:
            asked = replace(other, columns=other.columns | {"order_id": column})
            _numbers(con, asked, folder, "named_orders")
            found += con.execute(
                "select (select count(*) from named_orders where number in (from known_orders)),"
                " (select count(*) from named_orders), (select count(*) from known_orders)"
            ).fetchall()
    except ExportError:
        return None
    shared, its, known = max(found)
    if not shared or shared < _MOSTLY * min(its, known):
        return None
    return f"{shared:,} of its {its:,} order ids"


def _numbers(con: duckdb.DuckDBPyConnection, draft: Draft, folder: Path, table: str) -> None:
    """The numbers of the orders in all files of the draft, each once, in a temporary table."""
    export = config_of(draft, folder).located("orders")
    con.execute(f"create or replace temp table {table} (number varchar)")
    for file in draft.files:
        read = read_file(con, file, export)
        column = f"{HIDDEN}order_id"
        if "order_id" not in read.expressions:
            name = export.named["order_id"].lower()
            column = next(theirs for theirs in read.columns if theirs.lower() == name)
        # numbers with gaps among them are fractions to some tools
        number = f"regexp_replace(trim(cast({identifier(column)} as varchar)), '[.]0$', '')"
        con.execute(
            f"insert into {table} select {number} from {read.relation} where {number} <> ''"
        )
    con.execute(f"create or replace temp table {table} as select distinct number from {table}")
