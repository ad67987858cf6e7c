"""From a file's own columns to the contract's: one SELECT over `incoming`, with its faults."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..config.faults import nearest
from ..config.load import Export, Expression
from ..contract import Column, Table
from ..errors import ExportError
from ..formats.expressions import HIDDEN
from ..formats.readers import Incoming
from ..sql import identifier, literal
from ..statuses import DEFAULT_STATUS_MAPS
from .values import fault_text, faults, repeated_hour, typed

_SEPARATOR = "chr(31)"
_NOTHING = "chr(30)"


@dataclass(frozen=True)
class Mapped:
    """SELECTs over the file's rows: all of them `typed`, and those in an hour that clocks repeat.

    `typed` yields the contract's columns, `_row` (0-based), `_content`, and of the first column at
    fault `_fault_column`, `_fault_reason` and `_fault_value`; a readable row has no `_fault`.
    `repeated` yields `_row` where the export's time does not say which of two hours it means; it
    is None where that cannot be.
    """

    typed: str
    repeated: str | None


def map_columns(
    table: Table, export: Export, incoming: Incoming, path: Path, may_lack: frozenset[str]
) -> Mapped:
    """How one file becomes rows of the contract.

    `may_lack` are the optional columns of ours that other files of the export have, so that this
    one may go without.
    Raises ExportError that names the missing column and the nearest one in the file.
    """
    sources, kinds = _sources(table, export, incoming, path, may_lack)
    mapped = [table.columns[name] for name in sources if name in table.columns]
    inputs = [f"{typed(c, sources[c.name], kinds[c.name], export)} as {c.name}" for c in mapped]
    inputs += [f"{sources[c.name]} as _of_{c.name}" for c in mapped]
    misfits = [
        f"case {fault} end"
        for c in mapped
        for fault in faults(c, kinds[c.name], export, incoming.has_nul)
    ]
    if table.rest is not None and (extra := [c for c in sources if c not in table.columns]):
        pairs = ", ".join(
            f"{literal(name)}, nullif(trim(cast({sources[name]} as varchar)), '')" for name in extra
        )
        inputs.append(f"cast(json_object({pairs}) as varchar) as {table.rest.name}")
        mapped = [*mapped, table.rest]
    given = {column.name for column in mapped}
    inner = f"select {incoming.row} as _row, {', '.join(inputs)} from incoming"
    told = [c for c in mapped if not c.tells_version]
    content = ", ".join(f"coalesce(cast({c.name} as varchar), {_NOTHING})" for c in told)
    kept = ", ".join(f"_of_{c.name}" for c in mapped if c is not table.rest)
    finals = ", ".join(_final(column, table, given, export) for column in table.columns.values())
    middle = (
        f"select _row, {kept}, {finals}, md5(concat_ws({_SEPARATOR}, {content})) as _content,"
        f" coalesce({', '.join([*misfits, 'null'])}) as _misfit from ({inner})"
    )
    empty = "".join(
        f" when {c.name} is null then {literal(fault_text(c.name, 'is empty'))}"
        for c in table.columns.values()
        if c.is_not_null
    )
    values = " ".join(
        f"when {literal(c.name)} then left(cast(_of_{c.name} as varchar), 200)"
        for c in mapped
        if c is not table.rest
    )
    fault = f"coalesce(_misfit, {f'case{empty} end' if empty else 'null'})"
    final = (
        f"select *, split_part(_fault, {_SEPARATOR}, 1) as _fault_column,"
        f" split_part(_fault, {_SEPARATOR}, 2) as _fault_reason,"
        f" case split_part(_fault, {_SEPARATOR}, 1) {values} end as _fault_value"
        f" from (select *, {fault} as _fault from ({middle}))"
    )
    test = repeated_hour(table.columns[table.time], kinds, export) if table.time else None
    return Mapped(final, f"select _row from ({inner}) where {test}" if test else None)


def _sources(
    table: Table, export: Export, incoming: Incoming, path: Path, may_lack: frozenset[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """For each of our columns that is mapped: the SQL of its source, and that source's type."""
    found = {name.lower(): name for name in incoming.columns}
    sources: dict[str, str] = {}
    kinds: dict[str, str] = {}
    named = [theirs for theirs in export.columns.values() if isinstance(theirs, str)]
    for ours, theirs in export.columns.items():
        if isinstance(theirs, Expression):
            is_computed = theirs.sql is not None
            sources[ours] = identifier(f"{HIDDEN}{ours}") if is_computed else literal(theirs.value)
            kinds[ours] = incoming.expressions[ours] if is_computed else "VARCHAR"
        elif name := found.get(theirs.lower()) or found.get(theirs.strip().lower()):
            sources[ours], kinds[ours] = identifier(name), incoming.columns[name]
        elif ours not in may_lack:
            raise ExportError(
                f"{path}: exports.{table.name}.columns.{ours}: the file has no column '{theirs}'; "
                f"{_hint(theirs, named, incoming)}"
            )
    return sources, kinds


def _hint(theirs: str, wanted: list[str], incoming: Incoming) -> str:
    numbered = [n for n in incoming.columns if re.fullmatch(rf"{re.escape(theirs)}_\d+", n, re.I)]
    if len(numbered) > 1:
        return f"it has several of that name, to be mapped as {' or '.join(numbered)}"
    known = {name.lower() for name in incoming.columns}
    if incoming.first_line == 2 and not known & {name.lower() for name in wanted}:
        # without a header its first row, which may be personal, would be reported as names
        return "nor is any other mapped column in line 1: is it a header, is `delimiter:` right?"
    hint = nearest(theirs, incoming.columns)
    return (
        hint
        if len(incoming.columns) > 1 or incoming.first_line == 1
        else f"{hint}; is `delimiter:` right?"
    )


def _final(column: Column, table: Table, given: set[str], export: Export) -> str:
    """The column as raw has it: mapped, by its default, or NULL; states and currencies unified."""
    if column.name not in given:
        # a product may be more than the type holds: then it is empty, and the row at fault
        value = f"try_cast(try({_default(column, table, given)}) as {column.duckdb_type})"
    else:
        value = column.name
    if column.name == "status" and column.name in given:
        value = _status(table, export)
    elif column.name == "currency" and export.currency:
        constant = literal(export.currency)
        value = f"coalesce(upper(currency), {constant})" if "currency" in given else constant
    elif column.name == "currency" and "currency" in given:
        value = "upper(currency)"
    return f"cast({value} as {column.duckdb_type}) as {column.name}"


def _default(column: Column, table: Table, given: set[str]) -> str:
    """The contract's default, with the columns that are not mapped replaced by NULL."""
    if column.default is None:
        return "null"
    return re.sub(
        r"\b[a-z_]+\b",
        lambda word: "null" if word[0] in table.columns and word[0] not in given else word[0],
        column.default,
    )


def _status(table: Table, export: Export) -> str:
    known = dict(DEFAULT_STATUS_MAPS[table.name])
    known |= {theirs.lower().strip(): ours for theirs, ours in export.status_map.items()}
    whens = " ".join(f"when {literal(k)} then {literal(v)}" for k, v in known.items())
    return f"case lower(status) {whens} else status end"
