"""What commands have in common: examples, places, choices, and what a shell completes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ...exports.errors import ExportError
from ...settings import exports_file, warehouse_folder
from ...warehouse.files import Warehouse
from . import names


class Choice(click.Choice):
    """One of some words; a misspelt one is told the nearest."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        if value not in self.choices:
            words = [str(choice) for choice in self.choices]
            self.fail(f"{value!r} is none of them; {names.nearest(str(value), words)}", param, ctx)
        return super().convert(value, param, ctx)


class Group(click.Group):
    """Commands in the order in which people come to need them, which is that of `cli`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


def examples(*lines: str) -> str:
    """The end of a help: what may be typed, line by line."""
    return "\b\nFor example:\n" + "\n".join(f"  {line}" for line in lines)


def path_option(name: str, text: str, default: Callable[[], Path] | None = None) -> Any:
    """A path; its default is asked for as the command is called, and told by the text."""
    return click.option(
        name,
        type=click.Path(path_type=Path),
        default=default,
        help=text,
    )


warehouse_option = path_option(
    "--warehouse",
    "Folder of the warehouse.  [default: RETENTION_WAREHOUSE, else data/warehouse]",
    warehouse_folder,
)
exports_option = path_option(
    "--exports",
    "The exports.yml to load.  [default: RETENTION_EXPORTS, else data/exports.yml]",
    exports_file,
)


def warehouse_at(folder: Path) -> Warehouse:
    """The warehouse in a folder. Raises ExportError where a file is named."""
    folder = folder.resolve()
    if folder.is_file():
        raise ExportError(f"--warehouse: {folder} is a file; name the folder of the warehouse")
    return Warehouse(folder)


def complete_table(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """The published tables that begin so, for the shell."""
    from ..tables import tables

    try:
        found = tables(warehouse_at(ctx.params.get("warehouse") or warehouse_folder()).marts_file)
    except ExportError:  # nothing is published: there is nothing to complete
        return []
    return [name for name, _, _ in found if name.startswith(incomplete)]


limit_option = click.option(
    "--limit", type=click.IntRange(0), default=50, show_default=True, help="Rows shown; 0 for all."
)
