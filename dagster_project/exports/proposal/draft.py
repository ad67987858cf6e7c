"""A mapping in the making, and the text of the `exports.yml` that proposes it."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml

from ..contract import Table

_INTRO = """\
# A first proposal by `retention init`, tried on a sample of the files. On the left our names, on
# the right theirs; required columns are marked *. What only you know is asked in the lines below:
# decide, and take the question out; until then `retention check` and every run warn of it.
# docs/exports.md has all settings.

settings:
"""
#: The time zone of the shop, named once.
ZONE = "*zone"


@dataclass(frozen=True)
class Reading:
    """One of several ways to read the files: what to write for it, and what that changes."""

    write: str
    options: Mapping[str, Any] = field(default_factory=dict)
    columns: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    """What only the user knows: about which setting, and the readings there are."""

    setting: str
    question: str
    readings: Sequence[Reading] = ()


@dataclass
class Draft:
    """What is proposed for one export of a group of files.

    `options` and `columns` are as in `exports.yml`; `asks` stand above the setting they are about;
    `remarks` end the export, and are about the columns in `left_out`; `notes` stand behind options.
    """

    table: Table
    files: list[Path]
    options: dict[str, Any]
    columns: dict[str, Any]
    origin: str = ""
    asks: list[Ask] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    currencies: dict[str, int] = field(default_factory=dict)

    @property
    def reads(self) -> list[Path]:
        """Its files, and those that are joined to them."""
        return [*self.files, *map(Path, self.options.get("joined", {}).values())]

    def names(self, column: str) -> bool:
        """Whether the column is mapped, by itself or in an expression, or a remark is about it."""
        return column in self.left_out or any(
            column in (told.get("name"), *re.findall(r'"([^"]+)"', told.get("sql", "")))
            if isinstance(told, dict)
            else column == told
            for told in self.columns.values()
        )

    def content(
        self, folder: Path, reading: Reading | None = None, is_sample: bool = False
    ) -> dict[str, Any]:
        """The export as `exports.yml` in the folder has it, in one of its readings.

        A sample is of the largest file alone.
        """
        files = [max(self.files, key=lambda f: f.stat().st_size)] if is_sample else self.files
        options = self.options | dict(reading.options if reading else {})
        columns = self.columns | dict(reading.columns if reading else {})
        options = {k: "UTC" if v == ZONE else v for k, v in options.items() if v is not None}
        columns = {k: v for k, v in columns.items() if v is not None}
        if "joined" in options:
            options["joined"] = {
                name: relative(Path(path), folder) for name, path in options["joined"].items()
            }
        return {"files": [relative(f, folder) for f in files], **options, "columns": columns}


def text(
    drafts: Sequence[Draft], settings: Sequence[str], others: Sequence[str], folder: Path
) -> str:
    """The text of `exports.yml`; `others` are sentences about files that have no place in it."""
    lines = [*settings, "", "exports:"]
    for draft in drafts:
        lines += [*_export(draft, folder), ""]
    return _INTRO + "\n".join(lines + [f"# {other}" for other in others]).rstrip() + "\n"


def others_in(proposed: str) -> list[str]:
    """The sentences at the end of a proposal about files that have no place in it."""
    last = takewhile(lambda line: line.startswith("# "), reversed(proposed.splitlines()))
    return [line.removeprefix("# ") for line in last][::-1]


def todo(where: str, question: str) -> list[str]:
    """The comment that asks; its continuation lines are indented."""
    words, lines = f"TODO {where}: {question}".split(" "), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 88 and lines[-1]:
            lines.append("  " + word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip() if len(lines) == 1 else f"{lines[-1]} {word}"
    return [f"# {line}" for line in lines]


def _export(draft: Draft, folder: Path) -> list[str]:
    asked: dict[str, list[str]] = {}
    for ask in draft.asks:
        where = f"exports.{draft.table.name}.{ask.setting}"
        asked.setdefault(ask.setting, []).extend(todo(where, ask.question))
    lines = [noted(f"  {draft.table.name}:", draft.origin)]
    lines.append(f"    files: {patterns(draft.files, folder)}")
    for name, value in draft.options.items():
        lines += [f"    {line}" for line in asked.pop(name, [])]
        if name == "joined":
            value = {other: relative(Path(path), folder) for other, path in value.items()}
        first, *more = _setting(name, value)
        lines.append(noted(f"    {first}", draft.notes.get(name, "")))
        lines += [f"    {line}" for line in more]
    for name in [name for name in asked if not name.startswith("columns")]:
        lines += [f"    {line}" for line in asked.pop(name)]
    lines.append("    columns:")
    for name in [*draft.table.columns, *(set(draft.columns) - set(draft.table.columns))]:
        lines += [f"      {line}" for line in asked.pop(f"columns.{name}", [])]
        if name not in draft.columns:
            continue
        column = draft.table.columns.get(name)
        mark = "* " if column and column.is_required else ""
        meaning = re.split("[:;] | \\(UTC", column.description)[0] if column else "a segment"
        lines.append(noted(f"      {name}: {scalar(draft.columns[name])}", f"{mark}{meaning}"))
    return lines + [f"      # {remark}" for remark in draft.remarks]


def _setting(name: str, value: Any) -> list[str]:
    if value == ZONE:
        return [f"{name}: {ZONE}"]
    if name == "select":
        return [f"{name}: >-", *(f"  {line}" for line in value.strip().splitlines())]
    if isinstance(value, dict):
        return [f"{name}:", *(f"  {scalar(k)}: {scalar(v)}" for k, v in value.items())]
    return [f"{name}: {scalar(value)}"]


def patterns(files: Sequence[Path], folder: Path) -> str:
    """The files as a pattern that matches just these, or as a list; relative where possible."""
    names = [relative(file, folder) for file in files]
    if len(names) == 1:
        return scalar(names[0])
    start = re.sub(r"[0-9][0-9._-]*$", "", _common(names))
    end = re.sub(r"^[0-9_-]*", "", _common([name[::-1] for name in names])[::-1])
    parent, is_flat = files[0].parent, all(file.parent == files[0].parent for file in files)
    if is_flat and len(start) > len(relative(parent, folder)) + 1:
        pattern = f"{start}*{end if len(start) + len(end) <= min(map(len, names)) else ''}"
        if sorted(parent.glob(Path(pattern).name)) == sorted(files):
            return scalar(pattern)
    return f"[{', '.join(scalar(name) for name in names)}]"


def _common(names: Sequence[str]) -> str:
    same = zip(*names, strict=False)
    return "".join(c[0] for c in takewhile(lambda characters: len(set(characters)) == 1, same))


def relative(path: Path, folder: Path) -> str:
    """The file as `exports.yml` in the folder names it."""
    return Path(os.path.relpath(path, folder.resolve())).as_posix()


def scalar(value: Any) -> str:
    """The value as YAML within a line."""
    dumped = yaml.safe_dump(
        [value], default_flow_style=True, width=10**6, allow_unicode=True, sort_keys=False
    )
    return dumped.strip()[1:-1]


def noted(entry: str, note: str) -> str:
    """The line with a comment behind it."""
    return f"{entry:<39} # {note.rstrip('.')}" if note else entry
