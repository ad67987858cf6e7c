"""From a file's own columns to the contract's: one SELECT over `incoming`, with its faults."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from ..config.faults import nearest
from ..config.load import Export, OtherColumn
from ..contract import Column, Table
from ..errors import ExportError
from ..formats.expressions import HIDDEN
from ..formats.names import clean_name
from ..formats.readers import Incoming
from ..sql import identifier, literal
from ..statuses import DEFAULT_STATUS_MAPS
from .ids import clean, is_dressed, is_id
from .repeated import repeats
from .times import repeated_hour
from .values import fault_text, faults, typed

_SEPARATOR = "chr(31)"
_NOTHING = "chr(30)"


@dataclass(frozen=True)
class Mapped:
    """SELECTs over the file's rows: all of them `typed`, and what is told of some of them.

    `typed` yields the contract's columns, `_row` (0-based), `_content`, and of the first column at
    fault `_fault_column`, `_fault_reason` and `_fault_value`; a readable row has no `_fault`.
    `repeated` yields `_row` where the export's time does not say which of two hours it means, None
    where that cannot be. `noted` and each of `emptied` yield `"column"`, `what`, `reason`, `rows`
    and `first_row`: ids that were 'cleaned', and values of an optional column that were 'emptied'.
    Those cost as much as typing the column; `filled` is, of each, the SQL over the file's rows
    that is not null where the file may hold a value.
    """

    typed: str
    repeated: str | None
    noted: list[str]
    emptied: dict[str, str]
    filled: dict[str, str]


def map_columns(
    table: Table,
    export: Export,
    incoming: Incoming,
    path: Path,
    delivered: dt.date,
    may_lack: frozenset[str],
) -> Mapped:
    """How one file becomes rows of the contract.

    `may_lack` are the optional columns of ours that other files of the export have, so that this
    one may go without.
    Raises ExportError that names the missing column and the nearest one in the file.
    """
    sources, kinds = _sources(table, export, incoming, path, may_lack)
    mapped = [table.columns[name] for name in sources if name in table.columns]
    pairs = {
        c.name: f"{typed(c, sources[c.name], kinds[c.name], export, incoming, delivered)}"
        f" as {c.name}, {sources[c.name]} as _of_{c.name}"
        for c in mapped
    }
    inputs = list(pairs.values())
    needed = _needed(table, {c.name for c in mapped})
    wrong = {c.name: faults(c, kinds[c.name], export, incoming) for c in mapped}
    # what could not be read is empty by itself
    emptied = {
        name: found if table.columns[name].data_type == "string" else found[1:]
        for name, found in wrong.items()
        if name not in needed
    }
    misfits = [
        repeats(table, export, incoming, sources),
        *(f"case {fault} end" for c in mapped if c.name in needed for fault in wrong[c.name]),
    ]
    if table.rest is not None and (extra := [c for c in sources if c not in table.columns]):
        fields = ", ".join(
            f"{literal(name)}, nullif(trim(cast({sources[name]} as varchar)), '')" for name in extra
        )
        inputs.append(f"cast(json_object({fields}) as varchar) as {table.rest.name}")
        mapped = [*mapped, table.rest]
    given = {column.name for column in mapped}
    row = f"{incoming.row} as _row"
    inner = f"select {row}, {', '.join(inputs)} from {incoming.relation}"
    told = [c for c in mapped if not c.tells_version]
    content = ", ".join(f"coalesce(cast({c.name} as varchar), {_NOTHING})" for c in told)
    kept = ", ".join(f"_of_{c.name}" for c in mapped if c is not table.rest)
    finals = ", ".join(
        _final(c, table, given, export, emptied.get(c.name, [])) for c in table.columns.values()
    )
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
    optional = [c for c in mapped if c.name not in needed and wrong.get(c.name)]
    emptied_notes = {
        c.name: f"select {literal(c.name)} as \"column\", 'emptied' as what, split_part(_fault,"
        f" {_SEPARATOR}, 2) as reason, count(*) as rows, min(_row) as first_row from (select"
        f" _row, coalesce({', '.join(f'case {w} end' for w in wrong[c.name])}) as _fault from"
        f" (select {row}, {pairs[c.name]} from {incoming.relation})) where _fault is not null"
        " group by reason"
        for c in optional
    }
    notes = [
        f"select {literal(c.name)} as \"column\", 'cleaned' as what,"
        " 'held characters that nobody sees' as reason, count(*) as rows, min(_row) as first_row"
        f" from (select {row}, {sources[c.name]} as _of from {incoming.relation})"
        f" where case when {is_dressed('_of')} then {clean('_of')} <> trim(_of, ' ') end"
        " having count(*) > 0"
        for c in mapped
        if incoming.may_hide and is_id(c) and kinds[c.name] == "VARCHAR"
    ]
    if table.time and table.tells_moments:
        # of dates without a time of day it is no news that all are at midnight
        notes.append(
            f"select {literal(table.time)} as \"column\", 'dates' as what,"
            f" 'holds no time of day' as reason, count(*) as rows, min({incoming.row}) as first_row"
            f" from {incoming.relation} where not exists (select 1 from {incoming.relation}"
            f" where contains(cast({sources[table.time]} as varchar), ':')) having count(*) > 0"
        )
    return Mapped(
        typed=final,
        repeated=f"select _row from ({inner}) where {test}" if test else None,
        noted=notes,
        emptied=emptied_notes,
        filled={c.name: _filled(sources[c.name], kinds[c.name]) for c in optional},
    )


def _filled(source: str, kind: str) -> str:
    """NULL where a source says nothing for certain."""
    if kind == "VARCHAR":
        return f"nullif({source}, '')"
    return f"case when not isnan({source}) then 1 end" if kind in ("DOUBLE", "FLOAT") else source


def _needed(table: Table, mapped: set[str]) -> set[str]:
    """The columns whose faults reject a row: what it cannot do without, and who or what it is of.

    Other columns are emptied. What a default is computed from is needed where the default is used.
    """
    names = {
        c.name
        for c in table.columns.values()
        if c.is_required or c.is_not_null or c.name in table.key or is_id(c)
    } - {"product_id", "phone"}
    for column in table.columns.values():
        if column.default is not None and column.name not in mapped:
            names |= set(re.findall(r"\b[a-z_]+\b", column.default))
    return names


def _sources(
    table: Table, export: Export, incoming: Incoming, path: Path, may_lack: frozenset[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """For each of our columns that is mapped: the SQL of its source, and that source's type."""
    found = {name.lower(): name for name in incoming.columns}
    sources: dict[str, str] = {}
    kinds: dict[str, str] = {}
    named = export.named
    for ours, column in export.columns.items():
        theirs = named.get(ours, ours)
        if ours in incoming.expressions:
            sources[ours] = identifier(f"{HIDDEN}{ours}")
            kinds[ours] = incoming.expressions[ours]
        elif isinstance(column, OtherColumn) and column.value is not None:
            sources[ours], kinds[ours] = literal(column.value), "VARCHAR"
        elif name := found.get(theirs.lower()) or found.get(clean_name(theirs).lower()):
            sources[ours], kinds[ours] = identifier(name), incoming.columns[name]
        elif ours not in may_lack:
            raise ExportError(
                f"{path}: exports.{table.name}.columns.{ours}: the file has no column '{theirs}'; "
                f"{_hint(theirs, list(named.values()), incoming)}"
            )
        if fields := object_fields(kinds.get(ours, "")):
            raise ExportError(
                f"{path}: exports.{table.name}.columns.{ours}: '{theirs}' holds objects or lists; "
                + (
                    f"name the field within, as in `{ours}: {theirs}.{fields[0]}` (it has"
                    f" {', '.join(fields)})"
                    if fields[0]
                    else "take one of its items with `sql:`"
                )
            )
    return sources, kinds


def object_fields(kind: str) -> list[str]:
    """The fields of a struct by DuckDB's name of its type; [''] of a list or map, [] of others."""
    if kind.startswith("STRUCT(") and not kind.endswith("]"):
        depth, fields, word = 0, [], ""
        for sign in kind[len("STRUCT(") : -1]:
            depth += (sign == "(") - (sign == ")")
            if sign == "," and depth == 0:
                fields.append(word)
                word = ""
            else:
                word += sign
        parts = [field.strip() for field in (*fields, word)]
        return [re.match(r'"(.*?)"|\S+', part)[0].strip('"') for part in parts]  # type: ignore[index]
    return [""] if kind.endswith("]") or kind.startswith(("MAP(", "UNION(")) else []


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


def _final(
    column: Column, table: Table, given: set[str], export: Export, emptied_by: list[str]
) -> str:
    """The column as raw has it: mapped, by its default, or NULL; states and currencies unified."""
    if column.name not in given:
        # a product may be more than the type holds: then it is empty, and the row at fault
        value = f"try_cast(try({_default(column, table, given)}) as {column.duckdb_type})"
    elif emptied_by:
        tests = ", ".join(f"case {test} end" for test in emptied_by)
        value = f"case when coalesce({tests}) is null then {column.name} end"
    else:
        value = column.name
    if column.name == "status" and column.name in given:
        value = _status(table, export)
    elif column.name == "currency" and "currency" in given and export.grain == "line":
        value = "upper(currency)"  # a line that names none has its order's: staging knows it
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
    # DuckDB makes small letters of both sides: Python's of a Turkish İ are two
    own = {f"lower({literal(theirs.strip())})": ours for theirs, ours in export.status_map.items()}
    shipped = {literal(theirs): ours for theirs, ours in DEFAULT_STATUS_MAPS[table.name].items()}
    known = [*own.items(), *shipped.items()]
    whens = " ".join(f"when {theirs} then {literal(ours)}" for theirs, ours in known)
    return f"case lower(status) {whens} else status end"
