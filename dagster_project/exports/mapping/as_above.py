"""Lines of an order that leave blank what stands on its first line and no row goes without."""

from dataclasses import replace

import duckdb

from ..config.load import Export
from ..contract import Table
from ..formats.expressions import HIDDEN, ROW
from ..formats.readers import Incoming
from ..sql import identifier


def as_above(
    con: duckdb.DuckDBPyConnection, table: Table, export: Export, incoming: Incoming
) -> Incoming:
    """The file with the order's time on all its lines, and what money is the order's.

    Both are those of the order's first line that tells them. What else an order leaves blank on
    later lines, staging takes from the others. Unchanged where nothing is blank.
    """
    if export.grain != "line" or table.name != "orders":
        return incoming
    found = {name.lower(): name for name in incoming.columns}
    kinds = dict(incoming.expressions)
    source = {ours: identifier(HIDDEN + ours) for ours in kinds}
    for ours, theirs in export.named.items():
        if ours not in kinds and theirs.lower() in found:
            name = found[theirs.lower()]
            source[ours], kinds[ours] = identifier(name), incoming.columns[name]
    wanted = ["ordered_at", *export.amounts_of_order]
    told = {
        ours: f"nullif(trim(cast({source[ours]} as varchar)), '')"
        for ours in wanted
        if ours in source and "order_id" in source
    }
    blank = " or ".join(f"{value} is null" for value in told.values())
    rows = f"select 1 from {incoming.relation} where {blank} limit 1"
    if not told or con.execute(rows).fetchone() is None:
        return incoming
    order = f"nullif(trim(cast({source['order_id']} as varchar)), '')"
    filled = "".join(
        f", case when {order} is null or {value} is not null then {source[ours]}"
        f" else arg_min({source[ours]}, {incoming.row}) filter (where {value} is not null)"
        f" over (partition by {order}) end as {identifier(HIDDEN + ours)}"
        for ours, value in told.items()
    )
    own = [source[ours] for ours in told if ours in incoming.expressions]
    kept = f"* exclude ({', '.join(own)})" if own else "*"
    number = "" if incoming.row == ROW else f", {incoming.row} as {ROW}"
    return replace(
        incoming,
        relation=f"(select {kept}{number}{filled} from {incoming.relation})",
        row=ROW,
        expressions=incoming.expressions | {ours: kinds[ours] for ours in told},
    )
