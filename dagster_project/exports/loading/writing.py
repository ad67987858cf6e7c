"""One file's typed rows into raw, the others into the rejects, in one transaction."""

import datetime as dt
import json
import re
from dataclasses import dataclass

import duckdb

from ..config.load import Export
from ..contract import Contract, Table
from ..errors import ExportError
from ..formats.readers import Incoming
from ..mapping.columns import Mapped
from ..mapping.evidence import ask_what_amounts_are_of, gross_beside_net, stop_at_cut_ids
from ..mapping.ids import IS_OBJECT
from ..mapping.repeated import OTHER_HEADER
from ..sql import identifier, literal
from .deliveries import Delivery
from .ledger import delete_rows


@dataclass(frozen=True)
class Run:
    """The run on whose behalf rows are loaded."""

    run_id: str
    started_at: dt.datetime


def write_rows(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    export: Export,
    source: Delivery,
    incoming: Incoming,
    mapped: Mapped,
    run: Run,
    contract: Contract,
) -> None:
    """Replace the rows the file had by those it has now, all of them or none.

    Every row goes to raw or to the rejects; the ledger has their numbers. Raises ExportError where
    the rows can be read in two ways, or show that the columns are not what the header says.
    """
    raw = f"raw.{identifier(table.name)}"
    provenance = {
        "_file": literal(source.name),
        "_line": _LINE,
        "_content": "_content",
        "_delivered_at": f"date '{source.delivered_at}'",
        "_run_id": literal(run.run_id),
        "_loaded_at": f"timestamp '{run.started_at:%Y-%m-%d %H:%M:%S}'",
    }
    columns = ", ".join(table.columns)
    stamps = ", ".join(f"{provenance[name]} as {name}" for name in contract.provenance)
    con.execute("begin")
    try:
        delete_rows(con, table.name, source.name)
        ((loaded,),) = con.execute(
            f"insert into {raw} by name select {columns}, {stamps}"
            f" from {_numbered(mapped.typed, incoming)} where _fault is null"
        ).fetchall()
        rejected = incoming.rows - loaded + incoming.unreadable
        if rejected:
            noted = _write_rejects(con, table, export, source, incoming, mapped.typed, run)
            if noted != rejected:
                raise ExportError(
                    f"{source.path}: exports.{table.name}: {rejected} rows could not be read but "
                    f"{noted} were noted; please report this"
                )
            _stop_at_what_no_row_may_be(con, table, source)
        _note_values(con, table, export, source, incoming, mapped, run)
        stop_at_cut_ids(con, table, export, source.name, source.path)
        if table.name == "orders":
            ask_what_amounts_are_of(con, export, source.name, source.path)
        con.execute(
            f"insert into ledger.files values ({', '.join('?' * 14)})",
            [
                *(table.name, source.name, source.fingerprint.size, source.fingerprint.sha256),
                *(source.mapping, source.delivered_at, json.dumps(incoming.columns)),
                *(loaded + rejected, loaded, rejected, run.run_id, run.started_at),
                _in_repeated_hours(con, raw, source, incoming, mapped),
                incoming.filtered,
            ],
        )
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise


def _note_values(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    export: Export,
    source: Delivery,
    incoming: Incoming,
    mapped: Mapped,
    run: Run,
) -> None:
    """Note values of optional columns that were emptied, ids that were cleaned, gross amounts."""
    if gross := gross_beside_net(export, incoming):
        con.execute(
            "insert into ledger.value_notes values (?, ?, ?, 'gross', ?, ?, 1, ?)",
            [table.name, source.name, *gross, incoming.rows, run.run_id],
        )
    emptied = _may_be_emptied(con, table, source, incoming, mapped)
    for noted in [*mapped.noted, *(mapped.emptied[name] for name in emptied)]:
        numbered = _numbered(f"select *, first_row as _row from ({noted})", incoming)
        con.execute(
            f"insert into ledger.value_notes select {literal(table.name)}, {literal(source.name)},"
            f' "column", what, reason, rows, {_LINE}, {literal(run.run_id)} from {numbered}'
        )


def _may_be_emptied(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    source: Delivery,
    incoming: Incoming,
    mapped: Mapped,
) -> list[str]:
    """The optional columns of which the file's rows hold more values than raw got of them."""
    if not mapped.filled:
        return []
    rejected = f"export = {literal(table.name)} and _file = {literal(source.name)}"
    values = ", ".join(f"{sql} as {name}" for name, sql in mapped.filled.items())
    numbered = _numbered(
        f"select {incoming.row} as _row, {values} from {incoming.relation}", incoming
    )
    counts = ", ".join(f"count({name})" for name in mapped.filled)
    held = con.execute(
        f"select {counts} from {numbered}"
        f" where {_LINE} not in (select _line from ledger.rejects where {rejected})"
    ).fetchall()[0]
    loaded = con.execute(
        f"select {counts} from raw.{identifier(table.name)} where _file = {literal(source.name)}"
    ).fetchall()[0]
    return [name for name, had, has in zip(mapped.filled, held, loaded, strict=True) if had != has]


def _stop_at_what_no_row_may_be(
    con: duckdb.DuckDBPyConnection, table: Table, source: Delivery
) -> None:
    """Raise ExportError at a header that swaps columns, and at an object in place of an id."""
    found = con.execute(
        'select _line, "column", reason, value from ledger.rejects'
        " where export = ? and _file = ? and (reason like ? or reason like ?)"
        " order by _line limit 1",
        [table.name, source.name, f"% {OTHER_HEADER}", f"% {IS_OBJECT}"],
    ).fetchone()
    if found is None:
        return
    line, column, reason, value = found
    where = f"{source.path}: line {line}: exports.{table.name}"
    if reason.endswith(OTHER_HEADER):
        raise ExportError(
            f"{where}: the line {OTHER_HEADER}, so the rows below it are not what the first header"
            " says; give each part a file of its own"
        )
    keys = re.findall(r'"([^"]+)"\s*:', value or "")
    remedy = "take one of its items with `sql:`"
    if keys:
        remedy = f"name its field, as in `{column}: <column>.{keys[0]}` (it has {', '.join(keys)})"
    raise ExportError(f"{where}.columns.{column}: the value {IS_OBJECT}; {remedy}")


def _in_repeated_hours(
    con: duckdb.DuckDBPyConnection, raw: str, source: Delivery, incoming: Incoming, mapped: Mapped
) -> int:
    """How many rows in raw fall in an hour that clocks repeat: each was read as the second."""
    if mapped.repeated is None:
        return 0
    ((count,),) = con.execute(
        f"select count(*) from {_numbered(mapped.repeated, incoming)}"
        f" where {_LINE} in (select _line from {raw} where _file = ?)",
        [source.name],
    ).fetchall()
    return count


def _write_rejects(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    export: Export,
    source: Delivery,
    incoming: Incoming,
    typed: str,
    run: Run,
) -> int:
    """Note every row that is not in raw, and the lines that are not rows; return how many."""
    personal = [
        literal(c.name) for c in table.columns.values() if c.is_personal or c.name in export.hashed
    ]
    is_personal = f"_fault_column in ({', '.join(personal)})" if personal else "false"
    amount, currency = (
        ("amount", "currency") if {"amount", "currency"} <= set(table.columns) else ("null",) * 2
    )
    where = f"{literal(table.name)}, {literal(source.name)}"
    when = f"date '{source.delivered_at}', {literal(run.run_id)}"
    ((misfits,),) = con.execute(
        f"insert into ledger.rejects select {where}, {_LINE}, _fault_column,"
        " _fault_column || ' ' || _fault_reason, _fault_value, null,"
        f" {is_personal}, {amount}, {currency}, {table.time or 'null'}, {when}"
        f" from {_numbered(typed, incoming)} where _fault is not null order by _row"
    ).fetchall()
    ((unreadable,),) = con.execute(
        f'insert into ledger.rejects select {where}, line, "column", reason, null, text,'
        f" true, null, null, null, {when} from unreadable order by line"
    ).fetchall()
    return misfits + unreadable


_LINE = "_first_line + _row + _unreadable"


def _numbered(typed: str, incoming: Incoming) -> str:
    """The typed rows, with what their line number needs: lines before them that are not rows."""
    if not incoming.unreadable:
        return f"(select *, {incoming.first_line} as _first_line, 0 as _unreadable from ({typed}))"
    first = incoming.first_line
    shifts = (
        "select _shift_row, max(_unreadable) as _unreadable from ("
        f"select line - {first} - row_number() over (order by line) + 1 as _shift_row,"
        " row_number() over (order by line) as _unreadable from unreadable) group by _shift_row"
    )
    return (
        f"(select typed.*, {first} as _first_line, coalesce(_unreadable, 0) as _unreadable"
        f" from ({typed}) as typed asof left join ({shifts}) as shifts on _row >= _shift_row)"
    )
