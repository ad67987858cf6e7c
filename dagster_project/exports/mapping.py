"""From a file's own columns to the contract's: one SELECT over `incoming`, with its faults."""

import re
from pathlib import Path

from .config import Export, Expression
from .config_faults import nearest
from .contract import Column, Table
from .errors import ExportError
from .readers import HIDDEN, Incoming
from .sql import identifier, literal
from .statuses import DEFAULT_STATUS_MAPS
from .zones import GAPS_TABLE

_SEPARATOR = "chr(31)"
_NOTHING = "chr(30)"
#: Years that a moment or a day can sensibly lie in; 0001 and 9999 stand for "none" in some systems.
_NO_TIME = "is not a timestamp"
_FIRST_MOMENT, _LAST_MOMENT, _FIRST_DAY = "1900-01-01", "2200-01-01", "1900-01-01"


def map_columns(
    table: Table, export: Export, incoming: Incoming, path: Path, may_lack: frozenset[str]
) -> str:
    """The SELECT that types one file.

    It yields the contract's columns, `_row` (0-based), `_content`, and of the first column at fault
    `_fault_column`, `_fault_reason` and `_fault_value`; a readable row has no `_fault`.
    `may_lack` are the optional columns of ours that other files of the export have, so that this
    one may go without.
    Raises ExportError that names the missing column and the nearest one in the file.
    """
    sources, kinds = _sources(table, export, incoming, path, may_lack)
    mapped = [table.columns[name] for name in sources if name in table.columns]
    typed = [f"{_typed(c, sources[c.name], kinds[c.name], export)} as {c.name}" for c in mapped]
    typed += [f"{sources[c.name]} as _of_{c.name}" for c in mapped]
    faults = [
        f"case {fault} end"
        for c in mapped
        for fault in _faults(c, kinds[c.name], export, incoming.has_nul)
    ]
    if table.rest is not None and (extra := [c for c in sources if c not in table.columns]):
        pairs = ", ".join(
            f"{literal(name)}, nullif(trim(cast({sources[name]} as varchar)), '')" for name in extra
        )
        typed.append(f"cast(json_object({pairs}) as varchar) as {table.rest.name}")
        mapped = [*mapped, table.rest]
    given = {column.name for column in mapped}
    inner = f"select {incoming.row} as _row, {', '.join(typed)} from incoming"
    told = [c for c in mapped if not c.tells_version]
    content = ", ".join(f"coalesce(cast({c.name} as varchar), {_NOTHING})" for c in told)
    kept = ", ".join(f"_of_{c.name}" for c in mapped if c is not table.rest)
    finals = ", ".join(_final(column, table, given, export) for column in table.columns.values())
    middle = (
        f"select _row, {kept}, {finals}, md5(concat_ws({_SEPARATOR}, {content})) as _content,"
        f" coalesce({', '.join([*faults, 'null'])}) as _misfit from ({inner})"
    )
    empty = "".join(
        f" when {c.name} is null then {literal(_fault(c.name, 'is empty'))}"
        for c in table.columns.values()
        if c.is_not_null
    )
    values = " ".join(
        f"when {literal(c.name)} then left(cast(_of_{c.name} as varchar), 200)"
        for c in mapped
        if c is not table.rest
    )
    fault = f"coalesce(_misfit, {f'case{empty} end' if empty else 'null'})"
    return (
        f"select *, split_part(_fault, {_SEPARATOR}, 1) as _fault_column,"
        f" split_part(_fault, {_SEPARATOR}, 2) as _fault_reason,"
        f" case split_part(_fault, {_SEPARATOR}, 1) {values} end as _fault_value"
        f" from (select *, {fault} as _fault from ({middle}))"
    )


def _sources(
    table: Table, export: Export, incoming: Incoming, path: Path, may_lack: frozenset[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Of each of our columns that is mapped: the SQL of its source, and that source's type."""
    found = {name.lower(): name for name in incoming.columns}
    sources: dict[str, str] = {}
    kinds: dict[str, str] = {}
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
                f"{_hint(theirs, incoming)}"
            )
    return sources, kinds


def _hint(theirs: str, incoming: Incoming) -> str:
    numbered = [n for n in incoming.columns if re.fullmatch(rf"{re.escape(theirs)}_\d+", n, re.I)]
    if len(numbered) > 1:
        return f"it has several of that name, to be mapped as {' or '.join(numbered)}"
    hint = nearest(theirs, incoming.columns)
    return (
        hint
        if len(incoming.columns) > 1 or incoming.first_line == 1
        else f"{hint}; is `delimiter:` right?"
    )


def _fault(name: str, reason: str) -> str:
    return f"{name}\x1f{reason}"


def _faults(column: Column, kind: str, export: Export, has_nul: bool) -> list[str]:
    """WHEN clauses, dearer tests nested in cheap ones: a value that is there but cannot be it."""
    name, source = column.name, f"_of_{column.name}"
    if column.data_type == "string":
        faults = []
        if has_nul:
            fault = literal(_fault(name, "holds a NUL byte"))
            faults.append(f"when contains({name}, chr(0)) then {fault}")
        if _is_id(column) and kind == "VARCHAR":
            fault = literal(_fault(name, "is not an id: a spreadsheet has cut its digits"))
            cut = f"regexp_full_match({name}, '[0-9]\\.[0-9]+[eE]\\+?[0-9]{{2}}')"
            faults.append(f"when contains({name}, '.') then case when {cut} then {fault} end")
        return faults
    given = f"trim({source}) <> ''" if kind == "VARCHAR" else f"{source} is not null"
    fault = literal(_fault(name, f"is not a {_in_words(column)}"))
    faults = [f"when {name} is null then case when {given} then {fault} end"]
    if column.data_type == "date":
        fault = literal(_fault(name, f"is before {_FIRST_DAY[:4]}"))
        faults.append(f"when {name} < date '{_FIRST_DAY}' then {fault}")
    if column.data_type == "timestamp":
        fault = literal(_fault(name, f"is not in the years {_FIRST_MOMENT[:4]} to 2199"))
        faults.append(
            f"when {name} < timestamp '{_FIRST_MOMENT}' or {name} >= timestamp '{_LAST_MOMENT}'"
            f" then {fault}"
        )
        if kind == "VARCHAR":  # DuckDB knows a word for this moment
            faults.append(
                f"when {name} = timestamp '1970-01-01' then"
                f" case when lower(trim({source})) = 'epoch' then {literal(_fault(name, _NO_TIME))}"
                " end"
            )
        faults += _gap_fault(column, kind, export)
    return faults


def _gap_fault(column: Column, kind: str, export: Export) -> list[str]:
    """A local time that the clocks skipped: it was recorded in another zone than the one named."""
    name, source, zone = column.name, f"_of_{column.name}", literal(export.time_zone)
    has_offset = export.timestamp_format is not None and "%z" in export.timestamp_format
    if export.time_zone == "UTC" or has_offset or kind not in ("VARCHAR", "TIMESTAMP"):
        return []
    naive, is_naive = f"try_cast({source} as timestamp)", "true"
    if kind == "VARCHAR" and export.timestamp_format:
        naive = f"try_strptime({source}, {literal(export.timestamp_format)})"
    elif kind == "VARCHAR":
        is_naive = f"not regexp_matches({source}, '(Z|z|UTC|[0-9][+-][0-9:]+)\\s*$')"
    skipped = (
        f"{is_naive} and cast({naive} as time) <> time '00:00:00'"
        f" and timezone({zone}, timezone('UTC', {name})) <> {naive}"
    )
    fault = literal(_fault(name, f"does not exist in {export.time_zone}: the clocks went forward"))
    near = f"time_bucket(interval 15 minutes, {name}) in (select gap from {GAPS_TABLE})"
    return [f"when {near} then case when {skipped} then {fault} end"]


def _in_words(column: Column) -> str:
    base = column.data_type.split("(")[0]
    return {"decimal": "number", "bigint": "whole number", "boolean": "yes or no"}.get(base, base)


def _is_id(column: Column) -> bool:
    return column.data_type == "string" and column.name.endswith(("_id", "merged_into"))


def _typed(column: Column, source: str, kind: str, export: Export) -> str:
    """The source as the column's type; NULL where it cannot be."""
    if column.data_type == "string":
        if kind in ("DOUBLE", "FLOAT"):  # ids that a spreadsheet or pandas turned into floats
            source = (
                f"case when {source} = floor({source}) then cast(try_cast({source} as hugeint)"
                f" as varchar) else cast({source} as varchar) end"
            )
        text = f"nullif(trim(cast({source} as varchar)), '')"
        if kind == "VARCHAR" and _is_id(column):
            is_number = f"regexp_full_match({text}, '-?[0-9]+\\.0')"
            return (
                f"case when ends_with({source}, '.0') then case when {is_number}"
                f" then {text}[:-3] else {text} end else {text} end"
            )
        return text
    if column.data_type == "timestamp":
        if export.timestamp_format and kind == "VARCHAR":
            moment = f"try_strptime({source}, {literal(export.timestamp_format)})"
            if "%z" not in export.timestamp_format:
                moment = f"timezone({literal(export.time_zone)}, {moment})"
        else:
            # the session's time zone is the export's: naive values are in it, offsets are honoured
            moment = f"try_cast({source} as timestamptz)"
        return f"make_timestamp(epoch_us({moment}))"
    if column.data_type == "bigint":
        return (
            f"case when try_cast({source} as double) = floor(try_cast({source} as double))"
            f" then try_cast({source} as bigint) end"
        )
    return f"try_cast({source} as {column.duckdb_type})"


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
