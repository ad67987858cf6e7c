"""The dbt project, parsed: which tables it makes, of what, in which step of a run.

A dbt process costs seconds of imports, so dbt is parsed and run in this one. Nothing of Dagster.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ..exports.contract import load_contract
from ..exports.mapping import words
from ..settings import DBT_PROJECT, OFFLINE

MANIFEST = DBT_PROJECT / "target/manifest.json"
#: The digest of the files that the manifest was parsed from.
PARSED_FROM = DBT_PROJECT / "target/parsed_from"
#: What dbt parsed, in its own words, of which it parses again only what has changed.
PARTIAL_PARSE = DBT_PROJECT / "target/partial_parse.msgpack"

#: The steps in which dbt builds: gates and forecasts come between them.
STEPS = ("staging", "core", "marts")

#: Settings of a shop that name columns of contracts, and so are read when the project is parsed.
SHAPING = ("prediction_horizons",)

Node = Mapping[str, Any]


class DbtError(Exception):
    """dbt could not run at all: the message is its own."""


@dataclass(frozen=True)
class Described:
    """What the yml beside a mart says about it, and about each column."""

    text: str
    columns: dict[str, str]


@cache
def manifest() -> Mapping[str, Any]:
    """dbt's manifest, parsed again when a file of the project has changed since it was written."""
    with _alone():
        is_stale = _is_stale()
    if is_stale:
        parsed_project(project_digest())
    if (read := _read_manifest()) is None:  # cut or damaged: what dbt made once it makes again
        forget_parsed()
        parsed_project(project_digest())
        read = _read_manifest()
    if read is None:
        raise DbtError(f"{MANIFEST}: what dbt wrote cannot be read")
    return read


def _read_manifest() -> Mapping[str, Any] | None:
    try:
        read = json.loads(MANIFEST.read_bytes())
    except (OSError, ValueError):
        return None
    whole = isinstance(read, dict) and {"nodes", "sources", "macros"} <= read.keys()
    return read if whole else None


def forget_parsed() -> None:
    """Drop what dbt has kept of parsing the project, all of which it can make anew."""
    parsed_project.cache_clear()
    with _alone():
        for path in (PARSED_FROM, MANIFEST, PARTIAL_PARSE):
            path.unlink(missing_ok=True)


def relation(node: Node) -> str:
    """The name that a node of the manifest has in the build file."""
    return f"{node['schema']}.{node['name']}"


def tables() -> dict[str, Node]:
    """Every model and seed, by its unique id."""
    nodes = manifest()["nodes"]
    return {k: node for k, node in nodes.items() if node["resource_type"] in ("model", "seed")}


def marts() -> list[str]:
    """Every mart, by name."""
    return sorted(node["name"] for node in tables().values() if node["schema"] == "marts")


def described(parsed: Any) -> Described:
    """What a node of dbt's own manifest says about itself."""
    columns = {name: column.description.strip() for name, column in parsed.columns.items()}
    return Described(parsed.description.strip(), columns)


def gate_bounds() -> dict[str, dict[str, str]]:
    """For each mart with bounds for its gate: `share` or `count` by column, as its yml has them."""
    found: dict[str, dict[str, str]] = {}
    for node in tables().values():
        bounds = {
            name: column["config"]["meta"]["gate"]
            for name, column in node["columns"].items()
            if column["config"]["meta"].get("gate")
        }
        if bounds:
            found[node["name"]] = bounds
    return dict(sorted(found.items()))


def family(node: Node) -> str:
    """The room of a model as people see it: staging, core, predictions, or a mart's family."""
    if node["resource_type"] == "seed":
        return "staging"
    _, room, *rest = node["fqn"]
    return rest[0] if room == "marts" else room


def step(node: Node) -> str:
    """The one of STEPS in which a model or seed is built."""
    if family(node) == "staging":
        return "staging"
    is_learnt_from = node["fqn"][1:3] == ["predictions", "inputs"]
    return "core" if family(node) == "core" or is_learnt_from else "marts"


def parents(node: Node) -> list[str]:
    """Unique ids of what a node reads, forecasts by what they are learnt from."""
    if node["resource_type"] == "source":
        inputs = node["source_meta"].get("learnt_from", [])
        return [f"model.retention.{name}" for name in inputs]
    return list(node["depends_on"].get("nodes", []))


def inputs_of(unique_ids: Collection[str]) -> set[str]:
    """The tables that these nodes read and that are not among them."""
    nodes = {**manifest()["nodes"], **manifest()["sources"]}
    read = {parent for key in unique_ids for parent in parents(nodes[key])}
    return {relation(nodes[key]) for key in read - set(unique_ids)}


def with_ancestors(unique_ids: Collection[str]) -> dict[str, Node]:
    """These nodes and all that they are made of, by unique id."""
    nodes = {**manifest()["nodes"], **manifest()["sources"]}
    found: dict[str, Node] = {}
    queue = sorted(unique_ids)
    while queue:
        key = queue.pop()
        if key not in found:
            found[key] = nodes[key]
            queue += parents(nodes[key])
    return found


def tested_table(test: Node) -> str:
    """Unique id of the model that a test is shown at: the one of its yml, or named by its meta."""
    named = test["config"]["meta"].get("dagster", {}).get("ref", {}).get("name")
    return f"model.retention.{named}" if named else test["attached_node"]


def tests_of(built: Collection[str]) -> list[str]:
    """Unique ids of the data tests of these tables that need no other table but their inputs."""
    there = with_ancestors(built).keys()
    return [
        key
        for key, node in manifest()["nodes"].items()
        if node["resource_type"] == "test"
        and tested_table(node) in built
        and there >= set(node["depends_on"]["nodes"])
    ]


def given_by_contract() -> dict[str, Any]:
    """Vars that are not settings: what models have to know of other files when they are parsed."""
    folder = DBT_PROJECT / "models/marts"
    return {
        "exports": {name: table.for_models for name, table in load_contract().tables.items()},
        "marts": sorted(path.stem for path in folder.glob("*/*.sql")),
        **words.for_models(),
    }


@lru_cache(maxsize=1)
def parsed_project(digest: str, shaping: str = "{}") -> Any:
    """The project as it is now, identified by `digest`, with the vars that shape it, as JSON.

    What models depend on must not follow from any other setting: one manifest then serves every
    shop, and what takes seconds to parse is parsed once. Models are named after the file they are
    built in, which has one name in every warehouse; nobody opens the one named here.
    """
    with environment(DBT_PROJECT / "build.duckdb"), _alone():
        is_stale = _is_stale()
        arguments = ["parse", *([] if is_stale else ["--no-write-json"])]
        given = json.dumps(given_by_contract() | json.loads(shaping))
        try:
            parsed = invoke([*arguments, "--vars", given], MANIFEST.parent, None)
        except DbtError:
            if not PARTIAL_PARSE.exists():
                raise
            PARTIAL_PARSE.unlink(missing_ok=True)  # it may be that which dbt cannot read
            parsed = invoke([*arguments, "--vars", given], MANIFEST.parent, None)
        if is_stale:
            PARSED_FROM.write_text(digest, encoding="utf-8")
        return parsed


def invoke(arguments: list[str], target: Path, parsed: Any, *callbacks: Any) -> Any:
    """Run dbt in this process; its result. Raises DbtError where it could not run at all."""
    from dbt.cli.main import dbtRunner

    common = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    common += ["--target-path", str(target)]
    common += ["--log-path", str(target), "--log-level", "none"]
    common += ["--log-level-file", "info", "--no-use-colors"]
    outcome = dbtRunner(manifest=parsed, callbacks=list(callbacks)).invoke([*arguments, *common])
    if outcome.exception is not None:
        raise DbtError(str(outcome.exception)) from outcome.exception
    return outcome.result


@contextmanager
def environment(database: Path) -> Iterator[None]:
    """What dbt reads from the environment, and its connection closed at the end.

    An open one would keep this process from opening the file in any other way.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    os.environ.update(OFFLINE, RETENTION_BUILD_DATABASE=str(database))
    try:
        yield
    finally:
        DuckDBConnectionManager.close_all_connections()


@contextmanager
def _alone() -> Iterator[None]:
    """One process parses at a time: dbt writes what it has parsed for the next one."""
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    with (MANIFEST.parent / "lock").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _files() -> list[Path]:
    """Every file that dbt reads."""
    patterns = ("*.yml", "models/**/*", "macros/**/*", "seeds/**/*", "tests/**/*")
    found = (path for pattern in patterns for path in DBT_PROJECT.glob(pattern))
    return sorted(path for path in found if path.is_file())


def project_digest() -> str:
    """All that dbt reads, as a hash: it changes with any file of the project."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(str(path.relative_to(DBT_PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_stale() -> bool:
    is_there = MANIFEST.exists() and PARSED_FROM.exists()
    return not is_there or PARSED_FROM.read_bytes() != project_digest().encode()
