"""The page of the published figures, made of what the yml beside each mart says.

    python -m dagster_project.commands.figures

writes it to `docs/`.
"""

from collections.abc import Iterator

from ..defs.groups import GROUPS
from ..settings import ROOT
from ..warehouse import project
from ..warehouse.units import UNITS, unit

PAGE = ROOT / "docs/metrics.md"
_INTRO = """\
# The figures

Every number that is published, by the question it belongs to: its column, its unit, its meaning.
`retention describe TABLE` prints the same of the other columns too. How figures differ that others
call by one name is in [DECISIONS.md](../DECISIONS.md), how to ask in [queries.md](queries.md).

Rates are NULL, not 0, where nothing complete can be said. `_low` and `_high` are the bounds of the
95 % interval of the figure beside them.

| unit | how to read it |
|---|---|
"""


def page() -> str:
    """The page, in Markdown. Raises ValueError where no unit is said of a number."""
    units = "".join(f"| {name} | {meaning} |\n" for name, meaning in UNITS.items())
    return _INTRO + units + "".join(_families())


def _families() -> Iterator[str]:
    marts = [node for node in project.tables().values() if node["schema"] == "marts"]
    for family, group in GROUPS.items():
        of_this = [node for node in marts if project.family(node) == family]
        if of_this:
            yield f"\n## {family.capitalize()}\n\n{group.description}\n"
        for node in sorted(of_this, key=lambda node: str(node["name"])):
            yield from _mart(node)


def _mart(node: project.Node) -> Iterator[str]:
    yield f"\n### {node['name']}\n\n{_line(node['description'])}\n"
    rows = [
        f"| `{column['name']}` | {found} | {_line(column['description'])} |\n"
        for column in node["columns"].values()
        if (found := unit(column))
    ]
    if rows:
        yield "\n| column | unit | meaning |\n|---|---|---|\n"
        yield from rows


def _line(text: str) -> str:
    """A description on one line of a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
