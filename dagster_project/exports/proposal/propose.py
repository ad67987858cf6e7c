"""A first `exports.yml` for files nobody has described yet, with comments to help correct it."""

import os
import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import duckdb
import yaml

from ..config.load import Export
from ..contract import load_contract
from ..errors import ExportError
from ..formats.readers import read_file
from ..sql import identifier
from .matching import Match, Values, best_match, look_at

SAMPLE_ROWS = 5_000
_INTRO = """\
# A first proposal by `retention init`, from the files' column names and a look at their values.
# Check every line: on the left our names, on the right theirs; required columns are marked *.

settings:
  business_time_zone: UTC               # TODO where a day begins and ends, e.g. Europe/London
  # base_currency: GBP                  # what revenue is reported in; needed where several occur

exports:
"""


@dataclass(frozen=True)
class _Group:
    """Files of the same columns, what the largest of them holds, and what they were taken for."""

    files: list[Path]
    values: dict[str, Values]
    match: Match | None
    is_lines: bool


def propose(files: list[Path], folder: Path) -> str:
    """The text of a first `exports.yml` in `folder` for the files.

    Files of the same columns are one export. Raises ExportError where a file cannot be read, or
    where none fits an export.
    """
    if missing := [file for file in files if not file.is_file()]:
        raise ExportError(f"{missing[0]}: no such file")
    con = duckdb.connect()
    try:
        groups = _group(con, sorted({file.resolve() for file in files}))
    finally:
        con.close()
    taken: dict[str, _Group] = {}
    others: list[tuple[_Group, str]] = []
    for group in sorted(groups, key=lambda group: -(group.match.score if group.match else 0)):
        if group.match is None:
            others.append((group, "fits no export: its columns are " + ", ".join(group.values)))
        elif first := taken.get(group.match.table.name):
            others.append((group, _second(group, first)))
        else:
            taken[group.match.table.name] = group
    if not taken:
        told = "; ".join(f"{group.files[0]} {why}" for group, why in others)
        raise ExportError(f"none of the files fits an export: {told}")
    order = [name for name in load_contract().tables if name in taken]
    text = _INTRO + "\n".join(_export(taken[name], folder) for name in order)
    for group, why in others:
        text += f"\n# {_patterns(group.files, folder)} {why}.\n"
    return text


def _group(con: duckdb.DuckDBPyConnection, files: list[Path]) -> list[_Group]:
    by_columns: dict[frozenset[str], list[Path]] = {}
    columns: dict[frozenset[str], dict[str, str]] = {}
    probe = Export(files=["-"], columns={"-": "-"})
    for file in files:
        found = read_file(con, file, probe, limit=100).columns
        key = frozenset(name.lower() for name in found)
        by_columns.setdefault(key, []).append(file)
        columns.setdefault(key, found)
    groups = []
    for members in by_columns.values():
        # a first delivery may be empty
        largest = max(members, key=lambda file: file.stat().st_size)
        found = read_file(con, largest, probe, limit=SAMPLE_ROWS).columns
        values = look_at(con, found)
        match = best_match(load_contract().tables.values(), values)
        groups.append(_Group(members, values, match, match is not None and _is_lines(con, match)))
    return groups


def _is_lines(con: duckdb.DuckDBPyConnection, match: Match) -> bool:
    """Whether an order id recurs with another product, quantity or price: then rows are lines."""
    parts = [
        match.columns.get(name) for name in ("line_id", "product_id", "quantity", "unit_price")
    ]
    told = ", ".join(identifier(part) for part in parts if part)
    if match.table.name != "orders" or "order_id" not in match.columns or not told:
        return False
    order = identifier(match.columns["order_id"])
    repeating, orders = con.execute(
        "select count(*) filter (versions > 1), count(*) from ("
        f"select count(distinct row({told})) as versions from incoming group by {order})"
    ).fetchall()[0]
    return repeating > 0.05 * orders


def _second(group: _Group, first: _Group) -> str:
    name = first.match.table.name if first.match else ""
    return (
        f"fits {name} as well, which is taken; an export has one mapping: unite the files, or "
        f"rename columns with `select:` (columns: {', '.join(group.values)})"
    )


def _export(group: _Group, folder: Path) -> str:
    assert group.match is not None
    table, columns = group.match.table, group.match.columns
    lines = [f"  {table.name}:", f"    files: {_patterns(group.files, folder)}"]
    if table.name == "orders":
        grain = "line" if group.is_lines else "order"
        why = "an order id repeats with other products" if group.is_lines else "or line"
        lines.append(_noted(f"    grain: {grain}", f"{why}: one row per {grain}"))
    lines += _time_lines(group)
    if any(group.values[name].has_decimal_comma for name in columns.values()):
        lines.append(_noted("    decimal: ','", "fractions follow a comma"))
    if "currency" in table.columns and "currency" not in columns:
        lines.append("    # currency: GBP                     # TODO no column says: name it")
    lines.append("    columns:")
    for column in table.columns.values():
        mark = "* " if column.is_required else ""
        if column.name in columns:
            entry = f"      {column.name}: {_scalar(columns[column.name])}"
            told = re.split("[:;] ", column.description)[0]
            lines.append(_noted(entry, f"{mark}{told}"))
        elif column in group.match.missing:
            entry = f"      # {column.name}:"
            lines.append(_noted(entry, f"TODO * no column looks like it: {column.description}"))
    if rest := [name for name in group.values if name not in columns.values()]:
        use = "any may serve as a segment, ours: theirs" if table.rest else "not mapped"
        lines += [f"      # {use}: {', '.join(_scalar(name) for name in rest)}"]
    return "\n".join(lines) + "\n"


def _time_lines(group: _Group) -> list[str]:
    """What is known of the time zone, and of how times are written."""
    assert group.match is not None
    table, columns = group.match.table, group.match.columns
    kinds = {c.name: c.data_type for c in table.columns.values()}
    times = [group.values[columns[name]] for name in columns if kinds[name] == "timestamp"]
    if not times:
        return []
    if all(time.has_offset for time in times):
        lines = [_noted("    # time_zone:", "not needed: the times carry their offset")]
    else:
        lines = [
            _noted("    time_zone: UTC", "TODO the times carry no offset: where is it so late?")
        ]
    forms = sorted({time.time_format for time in times if time.time_format})
    if forms:
        note = "TODO day first or month first? only one can be right"
        lines.append(_noted(f"    timestamp_format: {_scalar(forms[0])}", note))
    return lines


def _patterns(files: list[Path], folder: Path) -> str:
    """The files as a pattern that matches just these, or as a list; relative where possible."""
    names = [_relative(file, folder) for file in files]
    if len(names) == 1:
        return _scalar(names[0])
    start = re.sub(r"[0-9][0-9._-]*$", "", _common(names))
    end = re.sub(r"^[0-9_-]*", "", _common([name[::-1] for name in names])[::-1])
    parent, is_flat = files[0].parent, all(file.parent == files[0].parent for file in files)
    if is_flat and len(start) > len(_relative(parent, folder)) + 1:
        pattern = f"{start}*{end if len(start) + len(end) <= min(map(len, names)) else ''}"
        if sorted(parent.glob(Path(pattern).name)) == sorted(files):
            return _scalar(pattern)
    return f"[{', '.join(_scalar(name) for name in names)}]"


def _common(names: list[str]) -> str:
    same = zip(*names, strict=False)
    return "".join(c[0] for c in takewhile(lambda characters: len(set(characters)) == 1, same))


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder.resolve())).as_posix()


def _scalar(text: str) -> str:
    """The text as YAML within a line."""
    return yaml.safe_dump([text], default_flow_style=True, width=10**6).strip()[1:-1]


def _noted(entry: str, note: str) -> str:
    return f"{entry:<40}# {note.rstrip('.')}"
