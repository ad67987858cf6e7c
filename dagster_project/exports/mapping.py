"""From a file's own columns to the contract's: one SELECT over `incoming`, with its faults."""

import re
from dataclasses import dataclass
from pathlib import Path

from .config import DEFAULT_STATUS_MAP, Export, Expression, nearest
from .contract import Column, Table
from .errors import ExportError
from .sql import identifier, literal

_SEPARATOR = "chr(31)"
_NOTHING = "chr(30)"


@dataclass(frozen=True)
class Mapping:
    """The SELECT that types one file, and the names it needs of the file.

    `typed` yields the contract's columns, `_row` (0-based), and of the first column at fault
    `_fault_column`, `_fault_reason` and `_fault_value`; a readable row has no `_fault_column`.
    """

    typed: str
    file_columns: tuple[str, ...]


def map_columns(
    table: Table, export: Export, incoming: dict[str, str], path: Path, may_lack: frozenset[str]
) -> Mapping:
    """Build the mapping of one file.

    `incoming` holds the file's columns and their DuckDB types; `may_lack` the optional columns of
    ours that other files of the export have, so that this one may go without.
    Raises ExportError that names the missing column and the nearest one in the file.
    """
    found = {name.lower(): name for name in incoming}
    sources: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for ours, theirs in export.columns.items():
        if isinstance(theirs, Expression):
            sources[ours] = theirs.sql or literal(theirs.value)
            kinds[ours] = "EXPRESSION" if theirs.sql else "VARCHAR"
        elif theirs.lower() in found:
            sources[ours] = identifier(found[theirs.lower()])
            kinds[ours] = incoming[found[theirs.lower()]]
        elif ours not in may_lack:
            raise ExportError(
                f"{path}: exports.{table.name}.columns.{ours}: the file has no column '{theirs}'; "
                f"{nearest(theirs, incoming)}"
            )
    mapped = [table.columns[name] for name in sources if name in table.columns]
    typed_as = {c.name: _typed(c, sources[c.name], kinds[c.name], export) for c in mapped}
    typed = [f"{expression} as {name}" for name, expression in typed_as.items()]
    whens = [
        f"when {sources[c.name]} is not null and {_is_given(sources[c.name], kinds[c.name])}"
        f" and {typed_as[c.name]} is null then {{{c.name}}}"
        for c in mapped
        if c.data_type != "string"
    ]
    values = {c.name: f"left(cast({sources[c.name]} as varchar), 200)" for c in mapped}
    names = {c.name: literal(c.name) for c in mapped}
    if table.rest is not None and (extra := [c for c in sources if c not in table.columns]):
        pairs = ", ".join(f"{literal(name)}, cast({sources[name]} as varchar)" for name in extra)
        typed.append(f"cast(json_object({pairs}) as varchar) as {table.rest.name}")
        mapped = [*mapped, table.rest]
    given = {column.name for column in mapped}
    finals = [_final(column, table, given, export) for column in table.columns.values()]
    inner = (
        f"select rowid as _row, {', '.join(typed)}, "
        f"{_case(whens, names)} as _misfit, "
        f"{_case(whens, values)} as _misfit_value from incoming"
    )
    content = ", ".join(f"coalesce(cast({c.name} as varchar), {_NOTHING})" for c in mapped)
    middle = (
        f"select _row, _misfit, _misfit_value, md5(concat_ws({_SEPARATOR}, {content})) as _content, "
        f"{', '.join(finals)} from ({inner})"
    )
    empty = " ".join(
        f"when {c.name} is null then {literal(c.name)}"
        for c in table.columns.values()
        if c.is_not_null
    )
    fault = f"coalesce(_misfit, {f'case {empty} end' if empty else 'null'})"
    types = " ".join(
        f"when {literal(c.name)} then {literal('not a ' + _in_words(c))}"
        for c in table.columns.values()
    )
    outer = (
        f"select *, {fault} as _fault_column, _misfit_value as _fault_value, "
        f"case when _misfit is null then 'is empty' else case _misfit {types} end end "
        f"as _fault_reason from ({middle})"
    )
    return Mapping(outer, tuple(sorted(found.values())))


def _case(whens: list[str], results: dict[str, str]) -> str:
    return f"case {' '.join(when.format(**results) for when in whens)} end" if whens else "null"


def _is_given(source: str, kind: str) -> str:
    return f"trim({source}) <> ''" if kind == "VARCHAR" else "true"


def _in_words(column: Column) -> str:
    base = column.data_type.split("(")[0]
    return {"decimal": "number", "bigint": "whole number", "boolean": "yes or no"}.get(base, base)


def _typed(column: Column, source: str, kind: str, export: Export) -> str:
    """The source as the column's type; NULL where it cannot be."""
    if column.data_type == "string":
        if kind in ("DOUBLE", "FLOAT"):  # ids that a spreadsheet or pandas turned into floats
            source = (
                f"case when {source} = floor({source}) then cast(try_cast({source} as hugeint)"
                f" as varchar) else cast({source} as varchar) end"
            )
        return f"nullif(trim(cast({source} as varchar)), '')"
    if column.data_type == "timestamp":
        if export.timestamp_format and kind == "VARCHAR":
            local = f"try_strptime({source}, {literal(export.timestamp_format)})"
            return f"timezone('UTC', timezone({literal(export.time_zone)}, {local}))"
        # the session's time zone is the export's: naive values are in it, offsets are honoured
        return f"timezone('UTC', try_cast({source} as timestamptz))"
    if column.data_type == "bigint":
        return (
            f"case when try_cast({source} as double) = floor(try_cast({source} as double))"
            f" then try_cast({source} as bigint) end"
        )
    return f"try_cast({source} as {column.duckdb_type})"


def _final(column: Column, table: Table, given: set[str], export: Export) -> str:
    """The column as raw has it: mapped, by its default, or NULL; states and currencies unified."""
    value = column.name if column.name in given else _default(column, table, given)
    if column.name == "status" and column.name in given:
        value = _status(export)
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


def _status(export: Export) -> str:
    known = DEFAULT_STATUS_MAP | {k.lower().strip(): v for k, v in export.status_map.items()}
    whens = " ".join(f"when {literal(k)} then {literal(v)}" for k, v in known.items())
    return f"case lower(status) {whens} else status end"
