"""Gates through Great Expectations: which tables one looks at, and all of a stage at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from .outcomes import SuiteResult
from .runner import run_suites

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

Suite = Mapping[tuple[str, str], list["Expectation"]]


@dataclass(frozen=True)
class Gate:
    """One gate: the asset it guards, and the expectations by table that decide."""

    asset: tuple[str, str]
    suite: Suite


def run_gates(
    database: Path, gates: Sequence[Gate], mask_columns: frozenset[str] = frozenset()
) -> dict[tuple[str, str], list[SuiteResult]]:
    """What each gate's tables show, by the asset it guards; see `run_suites`.

    All gates of a stage go through GX together, each table once: most of the cost is in
    setting up the context and every table.
    """
    together: dict[tuple[str, str], list[Expectation]] = {}
    for gate in gates:
        for table, expectations in gate.suite.items():
            together.setdefault(table, []).extend(expectations)
    results = run_suites(database, together, mask_columns=mask_columns)
    outcomes = {(result.schema, result.table): iter(result.outcomes) for result in results}
    return {
        gate.asset: [
            SuiteResult(*table, tuple(islice(outcomes[table], len(expectations))))
            for table, expectations in gate.suite.items()
        ]
        for gate in gates
    }
