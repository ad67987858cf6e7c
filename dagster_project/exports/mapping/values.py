"""One value of a file as the contract's type: the SQL that types it, and what can be wrong with it.

The SQL is over a relation that holds the file's value as `_of_<column>`, typed as `<column>`.
"""

from collections.abc import Mapping

from ..config.load import Export
from ..contract import Column
from ..sql import literal
from .zones import GAPS_TABLE, REPEATS_TABLE

#: Years that a moment or a day can sensibly lie in; 0001 and 9999 stand for "none" in some systems.
_NO_TIME = "is not a timestamp"
#: Types of Parquet files that say nothing about a zone, by their precision.
_NAIVE_KINDS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS")
_FIRST_MOMENT, _LAST_MOMENT, _FIRST_DAY = "1900-01-01", "2200-01-01", "1900-01-01"


#: A number whose fractions follow a comma; points, blanks and apostrophes may separate its
#: thousands.
DECIMAL_COMMA = r"\s*[+-]?([0-9]+|[0-9]{1,3}([.' \x{A0}\x{202F}][0-9]{3})+)?(,[0-9]*)?\s*"


def fault_text(name: str, reason: str) -> str:
    return f"{name}\x1f{reason}"


def faults(column: Column, kind: str, export: Export, has_nul: bool) -> list[str]:
    """WHEN clauses, costlier tests nested in cheap ones: a value is there but not of the type."""
    name, source = column.name, f"_of_{column.name}"
    if column.data_type == "string":
        faults = []
        if has_nul:
            fault = literal(fault_text(name, "holds a NUL byte"))
            faults.append(f"when contains({name}, chr(0)) then {fault}")
        if _is_id(column) and kind == "VARCHAR":
            fault = literal(fault_text(name, "is not an id: a spreadsheet has cut its digits"))
            cut = f"regexp_full_match({name}, '[0-9]\\.[0-9]+[eE]\\+?[0-9]{{2}}')"
            faults.append(f"when contains({name}, '.') then case when {cut} then {fault} end")
        return faults
    given = f"trim({source}) <> ''" if kind == "VARCHAR" else f"{source} is not null"
    fault = literal(fault_text(name, f"is not a {_in_words(column)}"))
    if kind == "VARCHAR" and export.decimal == "." and _is_number(column):
        hint = literal(
            fault_text(name, f"is not a {_in_words(column)}; `decimal: ','` reads a decimal comma")
        )
        comma = f"contains({source}, ',') and {_has_decimal_comma(source)}"
        fault = f"case when {comma} then {hint} else {fault} end"
    faults = [f"when {name} is null then case when {given} then {fault} end"]
    if column.data_type == "date":
        fault = literal(fault_text(name, f"is before {_FIRST_DAY[:4]}"))
        faults.append(f"when {name} < date '{_FIRST_DAY}' then {fault}")
    if column.data_type == "timestamp":
        fault = literal(fault_text(name, f"is not in the years {_FIRST_MOMENT[:4]} to 2199"))
        faults.append(
            f"when {name} < timestamp '{_FIRST_MOMENT}' or {name} >= timestamp '{_LAST_MOMENT}'"
            f" then {fault}"
        )
        if kind == "VARCHAR":  # DuckDB has a word for this moment
            faults.append(
                f"when {name} = timestamp '1970-01-01' then"
                f" case when lower(trim({source})) = 'epoch'"
                f" then {literal(fault_text(name, _NO_TIME))} end"
            )
        faults += _gap_fault(column, kind, export)
    return faults


def _gap_fault(column: Column, kind: str, export: Export) -> list[str]:
    """A local time that the clocks skipped: it was recorded in another zone than the one named."""
    if (local := _naive(column, kind, export)) is None:
        return []
    is_naive, naive = local
    name, zone = column.name, literal(export.time_zone)
    skipped = (
        f"{is_naive} and cast({naive} as time) <> time '00:00:00'"
        f" and timezone({zone}, timezone('UTC', {name})) <> {naive}"
    )
    fault = literal(
        fault_text(name, f"does not exist in {export.time_zone}: the clocks went forward")
    )
    return [f"when {_within(name, GAPS_TABLE)} then case when {skipped} then {fault} end"]


def repeated_hour(column: Column, kinds: Mapping[str, str], export: Export) -> str | None:
    """Whether a time falls in the hour that autumn repeats without saying which of the two it is.

    None where the column is not mapped, or its values always say.
    """
    if column.data_type != "timestamp" or column.name not in kinds:
        return None
    local = _naive(column, kinds[column.name], export)
    return f"{_within(column.name, REPEATS_TABLE)} and {local[0]}" if local else None


def _naive(column: Column, kind: str, export: Export) -> tuple[str, str] | None:
    """Whether a value is a time in the export's zone, and that local time; None if none can be."""
    source = f"_of_{column.name}"
    has_offset = export.timestamp_format is not None and "%z" in export.timestamp_format
    if export.time_zone == "UTC" or has_offset or kind not in ("VARCHAR", *_NAIVE_KINDS):
        return None
    if kind == "VARCHAR" and export.timestamp_format:
        return "true", f"try_strptime({source}, {literal(export.timestamp_format)})"
    is_naive = f"not regexp_matches({source}, '(Z|z|UTC|[0-9][+-][0-9:]+)\\s*$')"
    return is_naive if kind == "VARCHAR" else "true", f"try_cast({source} as timestamp)"


def _within(name: str, changes: str) -> str:
    return f"time_bucket(interval 15 minutes, {name}) in (select moment from {changes})"


def _in_words(column: Column) -> str:
    base = column.data_type.split("(")[0]
    return {"decimal": "number", "bigint": "whole number", "boolean": "yes or no"}.get(base, base)


def _is_number(column: Column) -> bool:
    return column.data_type.startswith(("decimal", "bigint"))


def _has_decimal_comma(source: str) -> str:
    return f"regexp_full_match({source}, {literal(DECIMAL_COMMA)})"


def _is_id(column: Column) -> bool:
    return column.data_type == "string" and column.name.endswith(("_id", "merged_into"))


def typed(column: Column, source: str, kind: str, export: Export) -> str:
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
            if kind == "VARCHAR":  # some shops separate the offset with a blank
                joined = f"regexp_replace({source}, '\\s+([+-][0-9]{{2}}:?[0-9]{{2}}\\s*)$', '\\1')"
                moment = f"coalesce({moment}, try_cast({joined} as timestamptz))"
        return f"make_timestamp(epoch_us({moment}))"
    if kind == "VARCHAR" and export.decimal == "," and _is_number(column):
        bare = f"replace(regexp_replace({source}, '[^0-9,+-]', '', 'g'), ',', '.')"
        source = f"case when {_has_decimal_comma(source)} then {bare} end"
    if column.data_type == "bigint":
        return (
            f"case when try_cast({source} as double) = floor(try_cast({source} as double))"
            f" then try_cast({source} as bigint) end"
        )
    value = f"try_cast({source} as {column.duckdb_type})"
    if kind == "VARCHAR" and column.data_type == "boolean":
        return f"try_cast(trim({source}) as boolean)"
    if kind == "VARCHAR" and column.data_type == "date" and export.timestamp_format:
        told = f"try_strptime({source}, {literal(export.timestamp_format)})"
        return f"coalesce({value}, cast({told} as date))"
    return value
