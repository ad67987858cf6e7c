"""One value of a file as the contract's type: the SQL that types it, and what can be wrong with it.

The SQL is over a relation that holds the file's value as `_of_<column>`, typed as `<column>`.
"""

import datetime as dt

from ..config.load import Export
from ..contract import Column
from ..formats.readers import Incoming
from ..sql import literal
from . import ids, numbers, times, words

_YES, _NO = ("on", "1.0"), ("off", "0.0")


def fault_text(name: str, reason: str) -> str:
    return f"{name}\x1f{reason}"


def typed(
    column: Column, source: str, kind: str, export: Export, incoming: Incoming, delivered: dt.date
) -> str:
    """The source as the column's type; NULL where it cannot be."""
    unit = export.unit(column.name)
    if column.data_type == "string":
        value = ids.text(column, source, kind, incoming.may_hide, export.null_words)
        return ids.hashed(value) if column.name in export.hashed else value
    if column.data_type == "timestamp":
        sql = export.computed.get(column.name)
        if sql and kind == "TIMESTAMP" and times.is_epoch(sql):
            return source
        return times.moment(source, kind, export, unit, delivered)
    if column.data_type == "date":
        return times.day(source, kind, export, unit, delivered)
    if column.data_type == "boolean":
        if kind != "VARCHAR":
            return f"try_cast({source} as boolean)"
        words = " ".join(f"when '{word}' then {word in _YES}" for word in (*_YES, *_NO))
        word = f"lower(trim({source}))"
        return f"coalesce(try_cast(trim({source}) as boolean), case {word} {words} end)"
    return numbers.number(column, source, kind, export)


def faults(column: Column, kind: str, export: Export, incoming: Incoming) -> list[str]:
    """WHEN clauses of what is wrong with a value that is there, its reason as their result."""
    name, source = column.name, f"_of_{column.name}"
    found = []
    if column.data_type == "string":
        if incoming.has_nul:
            found.append((f"contains({name}, chr(0))", "holds a NUL byte"))
        found += ids.faults(column, kind)
        return [f"when {test} then {literal(fault_text(name, reason))}" for test, reason in found]
    if column.data_type in ("timestamp", "date"):
        found = times.faults(column, kind, export)
    reason = literal(f"is not a {_in_words(column)}")
    if kind == "VARCHAR" and column.data_type == "timestamp":
        reason = times.why_not(source, export)
    elif kind == "VARCHAR" and numbers.is_number(column):
        reason = numbers.why_not(column, source, export)
    unread = (
        f"when {name} is null then case when {_says_something(source, kind, export)}"
        f" then {literal(fault_text(name, ''))} || {reason} end"
    )
    return [unread] + [
        f"when {test} then {literal(fault_text(name, reason))}" for test, reason in found
    ]


def _says_something(source: str, kind: str, export: Export) -> str:
    if kind in ("DOUBLE", "FLOAT"):
        return f"not isnan({source})"
    if kind != "VARCHAR":
        return f"{source} is not null"
    empty = [*words.IN_VALUES, *(word.lower() for word in export.null_words)]
    return f"lower({ids.clean(source)}) not in ({', '.join(literal(word) for word in empty)})"


def _in_words(column: Column) -> str:
    base = column.data_type.split("(")[0]
    return {"decimal": "number", "bigint": "whole number", "boolean": "yes or no"}.get(base, base)
