"""The dbt project as its manifest tells it: which marts there are, and what they mean."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .dbt_runner import ensure_manifest


@dataclass(frozen=True)
class Described:
    """What the yml beside a mart says of it, and of each column."""

    text: str
    columns: dict[str, str]


@cache
def manifest() -> Mapping[str, Any]:
    """dbt's manifest, parsed anew when a file of the project has changed since it was written."""
    return json.loads(ensure_manifest().read_text())


@cache
def marts() -> dict[str, Described]:
    """Every mart, by name."""
    models = [node for node in manifest()["nodes"].values() if node["schema"] == "marts"]
    return {
        node["name"]: Described(
            node["description"].strip(),
            {name: column["description"].strip() for name, column in node["columns"].items()},
        )
        for node in sorted(models, key=lambda node: node["name"])
        if node["resource_type"] == "model"
    }
