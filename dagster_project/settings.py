"""Where things are. What a shop may change is in its `exports.yml`; see `exports/config`."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
DBT_PROJECT = ROOT / "dbt_project"
DEMO_EXPORTS = ROOT / "data/exports/demo"
#: What the history of runs is kept by, in the folder of each shop.
DAGSTER_YAML = ROOT / "dagster_project/defs/dagster.yaml"

#: How long a run waits for another one to let go of the warehouse.
LOCK_SECONDS = int(os.environ.get("RETENTION_LOCK_SECONDS", "600"))

#: How long a run may take before it is ended, so that it does not hold the warehouse for ever.
RUN_SECONDS = int(os.environ.get("RETENTION_RUN_SECONDS", "21600"))
#: What the thread is called in which dbt is at work.
DBT_THREAD = "dbt"

#: Marts are written so that clients as old as this DuckDB can open them.
STORAGE_VERSION = "v1.4.0"

#: Nothing calls home; `dbt_project.yml` and `dagster.yaml` say the same for their tools.
OFFLINE = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DBT_VERSION_CHECK": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def own_yaml(path: Path) -> Any:
    """What a YAML file of the project's own holds; ten times as fast where libyaml is there."""
    text = path.read_text(encoding="utf-8")
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def dbt_defaults() -> Mapping[str, Any]:
    """The vars of the dbt project as they are shipped: `exports.yml` overrides some."""
    return MappingProxyType(own_yaml(DBT_PROJECT / "dbt_project.yml")["vars"])


def exports_file() -> Path:
    """The `exports.yml` in force: `RETENTION_EXPORTS`, else the project's own."""
    return Path(os.environ.get("RETENTION_EXPORTS", ROOT / "data/exports.yml")).resolve()


def warehouse_folder() -> Path:
    """The folder of the warehouse in force: `RETENTION_WAREHOUSE`, else the project's own."""
    return Path(os.environ.get("RETENTION_WAREHOUSE", ROOT / "data/warehouse")).resolve()
