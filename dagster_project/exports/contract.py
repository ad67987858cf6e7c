"""The export contract, read from the dbt sources: one place names tables, columns and types."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..settings import DBT_PROJECT, own_yaml

SOURCES_FILE = DBT_PROJECT / "models/staging/_sources.yml"


@dataclass(frozen=True)
class Column:
    """One column of an export: what it means, its type, and what the loader asks of it."""

    name: str
    data_type: str
    description: str
    is_required: bool = False
    is_not_null: bool = False
    is_personal: bool = False
    collects_rest: bool = False
    tells_version: bool = False
    default: str | None = None
    also: tuple[str, ...] = ()

    @property
    def duckdb_type(self) -> str:
        """The column's type in DuckDB's words."""
        return {"string": "varchar"}.get(self.data_type, self.data_type)


def names_id(name: str) -> bool:
    """Whether a column of this name, where it is text, identifies something, or somebody."""
    return name.endswith(("_id", "merged_into", "phone"))


@dataclass(frozen=True)
class Table:
    """One export table of the contract, with the meta that _sources.yml explains."""

    name: str
    description: str
    columns: Mapping[str, Column]
    key: tuple[str, ...]
    time: str | None
    staged: str
    day: str | None
    faults: tuple[str, ...]
    tells_as_of: bool
    volume: str | None

    @property
    def tells_moments(self) -> bool:
        """Whether its time has a time of day."""
        return self.time is not None and self.columns[self.time].data_type == "timestamp"

    @property
    def for_models(self) -> dict[str, Any]:
        """What dbt's models have to know about it when they are parsed: macros/exports.sql."""
        return {
            "staged": self.staged,
            "day": self.day,
            "time": self.time,
            "faults": list(self.faults),
            "tells_as_of": self.tells_as_of,
            "has_moments": self.tells_moments,
        }

    @property
    def rest(self) -> Column | None:
        """The column that collects an export's further columns, where the table has one."""
        return next((c for c in self.columns.values() if c.collects_rest), None)


@dataclass(frozen=True)
class Contract:
    """All export tables, the columns the loader adds to each, and what its ledger holds."""

    tables: Mapping[str, Table]
    provenance: Mapping[str, Column]
    ledger: Mapping[str, str]


def _column(spec: Mapping) -> Column:
    meta = spec.get("config", {}).get("meta", {})
    return Column(
        name=spec["name"],
        data_type=spec["data_type"],
        description=spec["description"],
        is_required=meta.get("required", False),
        is_not_null=meta.get("not_null", False),
        is_personal=meta.get("personal", False),
        collects_rest=meta.get("collects_rest", False),
        tells_version=meta.get("tells_version", False),
        default=meta.get("default"),
        also=tuple(str(name) for name in meta.get("also", ())),
    )


@cache
def load_contract(path: Path = SOURCES_FILE) -> Contract:
    """Read the contract from dbt's sources file."""
    sources = {source["name"]: source for source in own_yaml(path)["sources"]}
    raw = sources["raw"]
    tables = {}
    for spec in raw["tables"]:
        meta = spec["config"]["meta"]
        columns = {column["name"]: _column(column) for column in spec["columns"]}
        tables[spec["name"]] = Table(
            name=spec["name"],
            description=spec["description"],
            columns=columns,
            key=tuple(meta["key"]),
            time=meta.get("time"),
            staged=meta["staged"],
            day=meta.get("day"),
            faults=tuple(meta["faults"]),
            tells_as_of=meta.get("tells_as_of", False),
            volume=meta.get("volume"),
        )
    provenance = {
        name: Column(name=name, **spec)
        for name, spec in raw["config"]["meta"]["provenance"].items()
    }
    ledger = {table["name"]: table["description"] for table in sources["ledger"]["tables"]}
    return Contract(tables=tables, provenance=provenance, ledger=ledger)
