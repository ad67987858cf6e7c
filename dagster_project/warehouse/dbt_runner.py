"""dbt in this process: parsed once a run, closed after every step.

A dbt process costs seconds of imports, and dagster-dbt starts one for each step; the results are
the same. Knows nothing of Dagster.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..settings import DBT_PROJECT, OFFLINE

MANIFEST = DBT_PROJECT / "target/manifest.json"
#: The digest of the files that the manifest was parsed from.
PARSED = DBT_PROJECT / "target/parsed_from"

#: Vars that name columns of contracts, and so are read when the project is parsed.
SHAPING = ("prediction_horizons",)


@dataclass(frozen=True)
class NodeResult:
    """What dbt made of one node."""

    unique_id: str
    name: str
    kind: str
    status: str
    message: str
    failures: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the node was built or the test held; a warning is no failure."""
        return self.status in ("success", "pass", "warn")


class DbtError(Exception):
    """dbt could not run at all: the message is its own."""


@dataclass(frozen=True)
class Dbt:
    """dbt over one database file, with one shop's vars; what it compiles goes to `target`."""

    database: Path
    target: Path
    variables: dict[str, Any]

    def build(
        self, select: str, full_refresh: bool = False, tested: bool = True
    ) -> list[NodeResult]:
        """Build what `select` names and test it; one result per node, in order of completion.

        What was built by other models than today's is not added to but built anew.
        """
        full_refresh = full_refresh or self._built_with() != project_digest()
        left_out = ["unit_test"] if tested else ["unit_test", "test"]
        arguments = ["build", "--select", *select.split(), "--exclude-resource-type", *left_out]
        # a test that compares models of two steps waits for the later one
        arguments += ["--indirect-selection", "buildable", "--no-write-json"]
        result = self._invoke(arguments + (["--full-refresh"] if full_refresh else []))
        if not hasattr(result, "results"):
            raise DbtError(f"dbt build --select {select} gave no results")
        return [_node_result(node) for node in result.results]

    def unit_tests(self) -> list[NodeResult]:
        """Run dbt's unit tests; the models they speak of have to be built."""
        result = self._invoke(["test", "--select", "test_type:unit", "--no-write-json"])
        return [_node_result(node) for node in result.results]

    def mark_built(self) -> None:
        """Note that everything is built by the models as they are now."""
        (self.target / "built_with").write_text(project_digest())

    def _built_with(self) -> str | None:
        note = self.target / "built_with"
        return note.read_text() if note.exists() else None

    def docs(self) -> None:
        """Write dbt's docs of the built warehouse to `target`, as one static page."""
        self._invoke(["docs", "generate", "--static"])

    def parse(self) -> Any:
        """The manifest as this shop's vars shape it; whoever is first waits for it."""
        shaping = {name: self.variables[name] for name in SHAPING if name in self.variables}
        return parsed_project(project_digest(), json.dumps(shaping))

    def _invoke(self, arguments: list[str]) -> Any:
        manifest = self.parse()
        with _environment(self.database):
            given = ["--vars", json.dumps(self.variables)]
            return _invoke([*arguments, *given], self.target, manifest)


@lru_cache(maxsize=1)
def parsed_project(digest: str, shaping: str = "{}") -> Any:
    """The project as it is now, which `digest` stands for, with the vars that shape it, as JSON.

    What models depend on must not hang on any other var: one manifest then serves every shop,
    and what takes seconds to parse is parsed once. Models are named after the file they are built
    in, which has one name in every warehouse; nobody opens the one named here.
    """
    with _environment(DBT_PROJECT / "build.duckdb"), _alone():
        is_stale = _is_stale()
        quietly = [] if is_stale else ["--no-write-json"]
        parsed = _invoke(["parse", *quietly, "--vars", shaping], MANIFEST.parent, None)
        if is_stale:
            PARSED.write_text(digest)
        return parsed


@contextmanager
def _alone() -> Iterator[None]:
    """One process parses at a time: dbt writes what it has parsed for the next one."""
    MANIFEST.parent.mkdir(parents=True, exist_ok=True)
    with (MANIFEST.parent / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _invoke(arguments: list[str], target: Path, manifest: Any) -> Any:
    from dbt.cli.main import dbtRunner

    common = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    common += ["--target-path", str(target)]
    common += ["--log-path", str(target), "--log-level", "none"]
    common += ["--log-level-file", "info", "--no-use-colors"]
    outcome = dbtRunner(manifest=manifest).invoke([*arguments, *common])
    if outcome.exception is not None:
        raise DbtError(str(outcome.exception)) from outcome.exception
    return outcome.result


@contextmanager
def _environment(database: Path) -> Iterator[None]:
    """What dbt reads from the environment, and its connection closed at the end.

    An open one would keep this process from opening the file in any other way.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    os.environ.update(OFFLINE, RETENTION_BUILD_DATABASE=str(database))
    try:
        yield
    finally:
        DuckDBConnectionManager.close_all_connections()


def _node_result(node: Any) -> NodeResult:
    return NodeResult(
        unique_id=node.node.unique_id,
        name=node.node.name,
        kind=str(node.node.resource_type),
        status=str(node.status),
        message=str(node.message or ""),
        failures=node.failures or 0,
        seconds=node.execution_time,
    )


def _sources() -> list[Path]:
    """Every file that dbt reads."""
    patterns = ("*.yml", "models/**/*", "macros/**/*", "seeds/**/*", "tests/**/*")
    found = (path for pattern in patterns for path in DBT_PROJECT.glob(pattern))
    return sorted(path for path in found if path.is_file())


def project_digest() -> str:
    """What the models compute, as a hash: it changes with any file that dbt reads."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(DBT_PROJECT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure_manifest() -> Path:
    """The manifest that Dagster reads assets from, parsed anew when a file of dbt's has changed."""
    with _alone():
        is_stale = _is_stale()
    if is_stale:
        parsed_project(project_digest())
    return MANIFEST


def _is_stale() -> bool:
    return not PARSED.exists() or PARSED.read_text() != project_digest() or not MANIFEST.exists()
