"""dbt over one build file: what is asked for is built and tested, and reported as it ends."""

import errno
import json
import os
import queue
import sys
import threading
from collections.abc import Collection, Generator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb

from ..settings import DBT_THREAD
from . import builds, project
from .project import environment, invoke


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
        """Whether the node was built or the test held; a warning is not a failure."""
        return self.status in ("success", "pass", "warn")

    @property
    def is_table(self) -> bool:
        """Whether it is a model or a seed, not a test."""
        return self.kind in ("model", "seed")


class _Stopped(Exception):
    """Nobody waits for the results any more."""


@dataclass(frozen=True)
class _Broke:
    """What is to be said of a node at which dbt itself broke, unless dbt says it."""

    result: NodeResult


class Stalled(project.DbtError):
    """dbt works on nothing and yet does not end: a thread of its own died, as it does of memory."""


#: How long dbt may work on nothing before it is given up, and once nobody waits for its results.
STALL_SECONDS = 300
STOP_SECONDS = 5


#: Tests are named one by one, as the models are; unit tests need no shop's data.
_ONLY_THESE = (
    *("--indirect-selection", "empty"),
    *("--exclude-resource-type", "unit_test"),
    "--no-write-json",
)


@dataclass(frozen=True)
class Dbt:
    """dbt over one database file, with one shop's vars; what it compiles goes to `target`."""

    database: Path
    target: Path
    settings: dict[str, Any]

    @cached_property
    def variables(self) -> dict[str, Any]:
        """dbt's vars: the shop's settings, and what models have to know about other files."""
        return project.given_by_contract() | self.settings

    @cached_property
    def definitions(self) -> dict[str, str]:
        """By which definition each table is built now; see `builds`."""
        return builds.definitions(self.variables)

    def build(
        self, nodes: Collection[str], full_refresh: bool = False
    ) -> Generator[NodeResult, None, None]:
        """Build and test these nodes of the manifest, named by their unique ids.

        One result for each, as soon as it ended. Raises ExportError where a table that is needed is
        not built and not among them, DbtError where dbt could not run.
        """
        tables = [project.relation(node) for key, node in project.tables().items() if key in nodes]
        # open all the while: dbt lets go of the file between two models, and opening it again costs
        # as much as building a small one
        with self._connect() as con:
            builds.require(con, project.inputs_of(nodes))
            if full_refresh:
                builds.drop_kept(con, tables)
            builds.begin(con, tables, self.definitions)
            results = []
            try:
                for result in self._results(sorted(nodes)):
                    results.append(result)
                    yield result
            finally:
                self._note(con, results)

    def _note(self, con: duckdb.DuckDBPyConnection, results: list[NodeResult]) -> None:
        nodes = project.manifest()["nodes"]
        built = [r for r in results if r.is_table and r.passed]
        names = [project.relation(nodes[result.unique_id]) for result in built]
        builds.finish(con, names, self.definitions)
        for result in results:
            if result.kind == "test" and result.status != "skipped":
                table = project.relation(nodes[project.tested_table(nodes[result.unique_id])])
                builds.note_test(con, table, result.name, result.passed)

    def _results(self, nodes: list[str]) -> Generator[NodeResult, None, None]:
        """What dbt says of each node, from a thread of its own: the caller works meanwhile.

        Whoever stops listening waits for the nodes at work, and no other is begun. Raises DbtError
        where dbt could not run, Stalled where it stopped working.
        """
        said: queue.Queue[NodeResult | _Broke | Exception | str | None] = queue.Queue()
        stopped, beginning = threading.Event(), threading.Lock()

        def told(event: Any) -> None:
            match event.info.name:
                case "NodeFinished":
                    said.put(_node_result(event.data))
                case "GenericExceptionOnRun":  # as a rule, but not always, before it
                    said.put(_Broke(_broken(event.data)))
                case name:
                    with beginning:
                        is_node = name == "NodeStart"
                        if stopped.is_set() and (is_node or threading.current_thread() is thread):
                            raise _Stopped
                        if is_node:
                            said.put(event.data.node_info.unique_id)

        def run() -> None:
            try:
                self._invoke(["build", "--select", *_selectors(nodes), *_ONLY_THESE], told)
            except Exception as error:  # raised again where the caller waits
                said.put(error)
            finally:
                said.put(None)

        # one that stalled must not keep the process
        thread = threading.Thread(target=run, name=DBT_THREAD, daemon=True)
        thread.start()
        running: set[str] = set()
        broke: dict[str, NodeResult] = {}
        is_over = False

        def at_work() -> set[str]:
            return running - broke.keys()

        def heard() -> NodeResult | Exception | None:
            """The next node that ended, why dbt could not run, or None at its end."""
            nonlocal is_over
            while True:
                found = said.get(timeout=None if at_work() else STALL_SECONDS)
                if isinstance(found, str):
                    running.add(found)
                elif isinstance(found, _Broke):
                    broke[found.result.unique_id] = found.result
                elif isinstance(found, NodeResult):
                    running.discard(found.unique_id)
                    broke.pop(found.unique_id, None)
                    return found
                else:
                    is_over = True
                    return found

        try:
            while found := heard():
                if isinstance(found, Exception):
                    raise found
                yield found
            yield from (broke[node] for node in running & broke.keys())
        except queue.Empty:
            raise Stalled(
                f"dbt has worked on nothing for {STALL_SECONDS} seconds, and is given up"
            ) from None
        finally:
            with beginning:
                stopped.set()
            # where the process ends, so have the threads
            while not (is_over or sys.is_finalizing()) and (at_work() or not said.empty()):
                heard()
            # it waits for ever for a node that was not let begin
            if not sys.is_finalizing():
                thread.join(STOP_SECONDS)

    def unit_tests(self) -> list[NodeResult]:
        """Run dbt's unit tests; the models they test have to be built."""
        found = self._invoke(["test", "--select", "test_type:unit", "--no-write-json"])
        return [_run_result(result) for result in found.results]

    def docs(self) -> None:
        """Write dbt's docs of the built warehouse to `target`, as one static page."""
        self._invoke(["docs", "generate", "--static"])

    def parse(self) -> Any:
        """The manifest as this shop's vars shape it; the first caller waits for it."""
        shaping = {k: self.settings[k] for k in project.SHAPING if k in self.settings}
        return project.parsed_project(project.project_digest(), json.dumps(shaping))

    def described(self) -> dict[str, project.Described]:
        """Every mart by name, as this shop's settings shape its columns."""
        nodes = self.parse().nodes
        return {
            name: project.described(nodes[f"model.retention.{name}"]) for name in project.marts()
        }

    def _connect(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.database))

    def _invoke(self, arguments: list[str], *callbacks: Any) -> Any:
        parsed = self.parse()
        if self.target.exists() and not os.access(self.target, os.R_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.target))
        with environment(self.database):
            given = ["--vars", json.dumps(self.variables)]
            return invoke([*arguments, *given], self.target, parsed, *callbacks)


def _selectors(unique_ids: Collection[str]) -> list[str]:
    """These nodes for dbt, whole folders by their name: it looks at every node for every name."""
    kept: dict[tuple[str, ...], bool] = {}
    nodes = {key: tuple(node["fqn"]) for key, node in project.manifest()["nodes"].items()}
    for key, fqn in nodes.items():
        for end in range(1, len(fqn) + 1):
            kept[fqn[:end]] = kept.get(fqn[:end], True) and key in unique_ids
    named = {
        next(fqn[:end] for end in range(1, len(fqn) + 1) if kept[fqn[:end]])
        for fqn in map(nodes.__getitem__, unique_ids)
    }
    return sorted("fqn:" + ".".join(fqn) for fqn in named)


def _node_result(finished: Any) -> NodeResult:
    """A node's result, from dbt's event of its end."""
    unique_id = finished.node_info.unique_id
    return NodeResult(
        unique_id=unique_id,
        name=finished.node_info.node_name,
        kind=finished.node_info.resource_type,
        status=finished.run_result.status,
        message=finished.run_result.message,
        failures=finished.run_result.num_failures,
        seconds=finished.run_result.execution_time,
    )


def _broken(told: Any) -> NodeResult:
    """A node's result where dbt could not say one."""
    node = told.node_info
    message = f"dbt broke: {told.exc}"
    return NodeResult(
        node.unique_id,
        node.node_name,
        node.resource_type,
        "error",
        message,
        failures=0,
        seconds=0.0,
    )


def _run_result(result: Any) -> NodeResult:
    return NodeResult(
        unique_id=result.node.unique_id,
        name=result.node.name,
        kind=str(result.node.resource_type),
        status=str(result.status),
        message=str(result.message or ""),
        failures=result.failures or 0,
        seconds=result.execution_time,
    )
