"""What the gates found, kept: a folder a run, a JSON file a stage, the newest runs only.

`Warehouse.keep_checks` writes the files: a list of suites, as `record` makes them. Everything is
recorded there, what passed as well, but no value of a column with personal data.
"""

import datetime as dt
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .gx.outcomes import Outcome, SuiteResult

STAGES = ("raw", "staging", "marts")
KEPT_RUNS = 30

#: What to say of an expectation, worst first.
STATES = ("critical", "warning", "info", "passed")


@dataclass(frozen=True)
class KeptStage:
    """One stage of one run: its suites, as they were recorded."""

    name: str
    suites: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class KeptRun:
    """One run's stages, in their order."""

    run_id: str
    started_at: str
    stages: tuple[KeptStage, ...]


def record(
    run_id: str, started_at: dt.datetime, stage: str, asset: Sequence[str], result: SuiteResult
) -> dict[str, Any]:
    """A suite's result, with the run, the stage and the asset it was asked for."""
    return {
        "run_id": run_id,
        "started_at": f"{started_at:%Y-%m-%d %H:%M:%S}",
        "stage": stage,
        "asset": ".".join(asset),
        **result.to_dict(),
    }


def not_judged(stage: str) -> SuiteResult:
    """What is kept of a gate that could not run; its error is in the run's log.

    The error is not kept: it quotes DuckDB, which may quote a value.
    """
    outcome = Outcome(
        expectation="gate",
        column=None,
        severity="critical",
        passed=False,
        observed="see the run's log",
        unexpected_count=None,
        description=f"the {stage} gate could be judged",
    )
    return SuiteResult(stage, "gate", (outcome,))


def state(outcome: dict[str, Any]) -> str:
    """What to say of an expectation: `passed`, or how grave its failure is."""
    return "passed" if outcome["passed"] else outcome["severity"]


def load_runs(folder: Path) -> list[KeptRun]:
    """Every kept run, the newest first; one that is damaged is forgotten."""
    runs = []
    for path in folder.glob("*"):
        if not path.is_dir():
            continue
        try:
            runs.append(_load_run(path))
        except (ValueError, TypeError):  # cut, or no JSON of ours
            shutil.rmtree(path)
    return sorted(runs, key=lambda run: (run.started_at, run.run_id), reverse=True)


def forget_old_runs(folder: Path, runs: Sequence[KeptRun]) -> None:
    """Remove what was kept of these runs."""
    for run in runs:
        shutil.rmtree(folder / run.run_id)


def _load_stage(file: Path) -> tuple[dict[str, Any], ...]:
    suites = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(suites, list) or any("outcomes" not in suite for suite in suites):
        raise ValueError(f"{file} holds no results")
    return tuple(suites)


def _load_run(folder: Path) -> KeptRun:
    files = {stage: folder / f"{stage}.json" for stage in STAGES}
    stages = tuple(
        KeptStage(stage, _load_stage(file)) for stage, file in files.items() if file.is_file()
    )
    started = [suite.get("started_at", "") for stage in stages for suite in stage.suites]
    return KeptRun(folder.name, max(started, default=""), stages)
