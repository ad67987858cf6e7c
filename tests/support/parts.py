"""Parts of the dbt project: some models and what they are made of, as a project of its own.

dbt looks through the whole project for every word of a selection, and links every test anew; for a
small shop that takes longer than its models do. A part is cut once from the parsed project.
"""

import dataclasses
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

from dagster_project.exports.contract import load_contract
from dagster_project.warehouse import project
from dagster_project.warehouse.dbt_runner import Dbt

_parts: dict[tuple[int, Set[str]], tuple[Any, Any]] = {}


@dataclass(frozen=True)
class Part(Dbt):
    """dbt over one database file, knowing only these nodes: models, seeds and tests."""

    nodes: Set[str] = frozenset()

    def parse(self) -> Any:
        """The manifest of the part."""
        whole = super().parse()
        key = (id(whole), frozenset(self.nodes))
        if key not in _parts:  # the whole is kept beside it, so that its id stays its own
            kept = {name: node for name, node in whole.nodes.items() if name in self.nodes}
            _parts[key] = (whole, dataclasses.replace(whole, nodes=kept, unit_tests={}))
        return _parts[key][1]


def made_of(marts: tuple[str, ...]) -> set[str]:
    """Unique ids of the models that these marts are made of, and theirs; all if none is named."""
    tables = project.tables()
    if not marts:
        return set(tables)
    named = [key for key, node in tables.items() if node["name"] in marts]
    return set(tables) & project.with_ancestors(named).keys()


def staged_of(exports: Set[str]) -> set[str]:
    """Unique ids of the staging models that tag the rows of these exports, and what they read."""
    contract = load_contract()
    staged = tuple(contract.tables[name].staged for name in sorted(exports))
    models = project.tables()
    return {key for key in made_of(staged) if project.step(models[key]) == "staging"}


def needs_forecasts(nodes: Set[str]) -> bool:
    """Whether any of these models reads what Python writes between the core and the marts."""
    above = project.with_ancestors(nodes)
    return any(key.startswith("source.retention.predictions.") for key in above)
