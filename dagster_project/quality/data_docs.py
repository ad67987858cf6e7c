"""Data Docs: the kept results as a small static site, for people without Dagster at hand.

Great Expectations renders its own, but its pages fetch styles and scripts from other people's
servers. These need nothing but the file: no script, no address outside the folder.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from .results import KEPT_RUNS, STATES, KeptRun, KeptStage, forget_old_runs, load_runs, state

TEMPLATES = Path(__file__).parent / "templates"
INDEX = "index.html"

TableOutcome = tuple[str, dict[str, Any]]


def build_data_docs(checks: Path, docs: Path, keep: int = KEPT_RUNS) -> Path:
    """Write the site of the newest runs, and forget older ones.

    The pages are a function of the kept results alone.

    Args:
        checks: The folder of kept results.
        docs: The folder of the site; pages of runs that are no longer kept are removed.
        keep: How many runs are kept.

    Returns:
        The first page.
    """
    runs = load_runs(checks)
    forget_old_runs(checks, runs[keep:])
    runs = runs[:keep]
    docs.mkdir(parents=True, exist_ok=True)
    pages = {f"{run.run_id}.html": run for run in runs}
    for page in docs.glob("*.html"):
        if page.name not in pages and page.name != INDEX:
            page.unlink()
    for name, run in pages.items():
        # the newest run may have grown by a stage, the others are as they were
        if run is runs[0] or not (docs / name).exists():
            _write(docs / name, "run.html", run=run, failed=_failed(run), verdict=_verdict(run))
    rows = [
        (run, _verdict(run), [(stage.name, _counts(stage)) for stage in run.stages]) for run in runs
    ]
    _write(docs / INDEX, "index.html", rows=rows, keep=keep)
    return docs / INDEX


def _failed(run: KeptRun) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Stage, suite and outcome of whatever did not pass, the gravest first."""
    failed = [
        (stage.name, suite, outcome)
        for stage in run.stages
        for suite in stage.suites
        for outcome in suite["outcomes"]
        if not outcome["passed"]
    ]
    return sorted(failed, key=lambda found: STATES.index(state(found[2])))


def _counts(stage: KeptStage) -> Counter[str]:
    return Counter(state(outcome) for suite in stage.suites for outcome in suite["outcomes"])


def _verdict(run: KeptRun) -> str:
    """The gravest state of all."""
    counts = sum((_counts(stage) for stage in run.stages), Counter())
    return next((name for name in STATES if counts[name]), "passed")


def _by_asset(stage: KeptStage) -> list[tuple[str, list[TableOutcome]]]:
    """A stage's outcomes, each with its table, by the asset they decide on."""
    found: dict[str, list[TableOutcome]] = {}
    for suite in stage.suites:
        table = f"{suite['schema']}.{suite['table']}"
        outcomes = found.setdefault(suite.get("asset", table), [])
        outcomes += [(table, outcome) for outcome in suite["outcomes"]]
    return list(found.items())


def _worst(outcomes: list[TableOutcome]) -> str:
    return min((state(outcome) for _, outcome in outcomes), key=STATES.index)


def _write(path: Path, template: str, **values: Any) -> None:
    """One page, swapped in whole."""
    new = path.with_suffix(".new")
    new.write_text(_environment().get_template(template).render(**values), encoding="utf-8")
    new.replace(path)


def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "state": state,
        "worst": _worst,
        "by_asset": _by_asset,
        "counts": _counts,
    }
    environment.globals |= {"states": STATES}
    return environment
