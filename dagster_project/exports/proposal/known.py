"""Exports that are known by their columns: the layouts of `data/known`, fitted to a file."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

import duckdb

from ...settings import ROOT, own_yaml
from ..config.faults import stands_in
from ..config.load import Export
from ..contract import load_contract
from ..errors import ExportError
from ..formats.expressions import HIDDEN
from ..formats.readers import read_file
from ..sql import identifier
from .draft import Ask, Draft
from .look import SAMPLE_ROWS, Look, look_at

FOLDER = ROOT / "data/known"


@dataclass(frozen=True)
class Layout:
    """One layout of a maker's export, as its file in `data/known` has it."""

    maker: str
    documented: str
    signature: tuple[str, ...]
    exports: Mapping[str, Mapping[str, Any]]
    filled: tuple[str, ...] = ()
    joined: Mapping[str, tuple[str, ...]] | None = None
    settings: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Known:
    """What a known export becomes, the settings of the shop it tells, and the looks it joins."""

    maker: str
    drafts: list[Draft]
    settings: Mapping[str, str]
    joins: list[Look]


@cache
def layouts() -> tuple[Layout, ...]:
    """Every known layout, those that ask for most columns first."""
    found = []
    for path in sorted(FOLDER.glob("*.yml")):
        told = own_yaml(path)
        for layout in told["layouts"]:
            found.append(Layout(told["maker"], told["documented"], **layout))
    return tuple(sorted(found, key=lambda one: (-len(one.joined or ()), -len(one.signature))))


def known(con: duckdb.DuckDBPyConnection, look: Look, looks: Sequence[Look]) -> Known | None:
    """The export that the columns of the look name, fitted to it; None where none is known."""
    for layout in layouts():
        if not _has(look, layout.signature) or not _is_filled(look, layout.filled):
            continue
        joins = {
            name: next((other for other in looks if _has(other, signature)), None)
            for name, signature in (layout.joined or {}).items()
        }
        if any(other is None for other in joins.values()):
            continue
        found = {name: other for name, other in joins.items() if other}
        drafts = [
            draft
            for name, told in layout.exports.items()
            if (draft := _draft(con, look, layout, name, told, found))
        ]
        if drafts and drafts[0].table.name == next(iter(layout.exports)):
            return Known(layout.maker, drafts, layout.settings or {}, list(found.values()))
    return None


def _has(look: Look, signature: Sequence[str]) -> bool:
    return all(_column(look, pattern) for pattern in signature)


def _is_filled(look: Look, names: Sequence[str]) -> bool:
    found = [_column(look, name) for name in names]
    return all(name is not None and look.values[name].filled for name in found)


def _column(look: Look, pattern: str) -> str | None:
    """The file's name of a column that a layout names, in whatever case; `*` matches."""
    wanted = re.sub(r"([\[?])", r"[\1]", pattern.lower())
    names = [name for name in look.values if fnmatchcase(name.lower(), wanted)]
    return next((n for n in names if n.lower() == pattern.lower()), next(iter(names), None))


def _draft(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    layout: Layout,
    export: str,
    told: Mapping[str, Any],
    joins: Mapping[str, Look],
) -> Draft | None:
    """The layout's export with what the file has of it; None where a required column is missing."""
    given = {k: v for k, v in told.items() if k not in ("columns", "ask") and v is not None}
    if joins:
        given["joined"] = {name: str(other.largest) for name, other in joins.items()}
    if "select" in given:
        more = {name: given[name] for name in ("select", "joined") if name in given}
        look = look_at(con, look.files, look.table, more)
    options = dict(look.options)
    for name, value in given.items():
        if name == "where":
            value = next((sql for sql in _listed(value) if _names(look, sql, ())), None)
            if value is None:
                return None
        elif name == "currency" and isinstance(value, dict):
            column = _column(look, value["in"])
            code = re.search(r"\b([A-Z]{3})\)?$", column or "")
            value = code[1] if code else None
        if value is not None:
            options[name] = value
    table = load_contract().tables[export]
    columns: dict[str, Any] = {}
    for ours, theirs in told["columns"].items():
        fitting = (c for one in _listed(theirs) for c in _fitted(con, look, options, ours, one))
        if (column := next(fitting, None)) is not None:
            columns[ours] = column
    for required in table.columns.values():
        is_there = required.name in columns or stands_in(required, table, columns)
        if required.is_required and not is_there:
            return None
    asks = [Ask(setting, question) for setting, question in told.get("ask", {}).items()]
    origin = f"known by its columns: {layout.maker}, {layout.documented}"
    return Draft(table, look.files, options, columns, origin, asks)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fitted(
    con: duckdb.DuckDBPyConnection, look: Look, options: Mapping[str, Any], ours: str, one: Any
) -> Iterator[Any]:
    """The column as this file has it, where it does and it holds something."""
    told = {"name": one} if isinstance(one, str) else dict(one)
    needs = told.pop("needs", ())
    if "value" in told:
        yield told
    elif "name" in told:
        column = _column(look, told["name"])
        if column and (look.values[column].filled or not look.values[column].rows):
            told["name"] = column
            yield column if len(told) == 1 else told
    elif _names(look, told["sql"], needs) and _holds(con, look, options, ours, told):
        yield told


def _names(look: Look, sql: str, needs: Sequence[str]) -> bool:
    """Whether the file has each column that an expression quotes or is said to need."""
    quoted = re.findall(r'"([^"]+)"', sql)
    known = {name.lower() for name in look.values}
    return all(name.lower() in known for name in [*quoted, *needs])


def _holds(
    con: duckdb.DuckDBPyConnection,
    look: Look,
    options: Mapping[str, Any],
    ours: str,
    column: Mapping[str, Any],
) -> bool:
    """Whether the expression can be computed over the file, and comes to something."""
    rows = max((values.rows for values in look.values.values()), default=0)
    options = {name: value for name, value in options.items() if name != "where"}
    try:
        export = Export.model_validate({"files": ["-"], "columns": {ours: column}, **options})
        read_file(con, look.largest, export, limit=SAMPLE_ROWS)
    except ExportError:
        return False
    hidden = identifier(f"{HIDDEN}{ours}")
    ((filled,),) = con.execute(f"select count({hidden}) from incoming").fetchall()
    return bool(filled) or not rows
