"""`retention run`: the nightly job in this process, how far it is, and what came of it."""

import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from ..exports.config.load import ExportsConfig, load_config
from ..exports.errors import ExportError
from ..settings import DEMO_EXPORTS, ROOT, RUN_SECONDS, warehouse_folder
from ..warehouse.files import Warehouse
from ..warehouse.remedies import MENDED_BY_PEOPLE
from ..warehouse.summary import summary
from .history import opened
from .terminal.door import if_anybody_listens
from .terminal.exit_codes import BROKEN, GREEN, INTERRUPTED, RED, USER_ERROR, code_of

if TYPE_CHECKING:
    import dagster as dg

    from .terminal.progress import Progress

EXAMPLES = (
    "select cohort_start, period_number, cohort_size, retention_rate from cohort_retention"
    " where study = 'order_to_order' and period = 'month' and segment_name = 'all'"
    " order by 1, 2 limit 15",
    "select month, opening_customers, new_customers, churned_customers, churn_rate"
    " from monthly_churn where base = 'order' order by month",
    "select rfm_segment, count(*) as customers, sum(net_revenue) as net_revenue"
    " from customer_value group by 1 order by 3 desc",
)

#: What `--json` calls an exit code.
STATUS = {
    GREEN: "green",
    RED: "red",
    USER_ERROR: "needs you",
    BROKEN: "broken",
    INTERRUPTED: "stopped",
}


def run(exports: Path, warehouse: Warehouse, full_refresh: bool, prune: bool) -> int:
    """Run, and print what the exports come to and where the marts are; the exit code."""
    done = _execute(exports, warehouse, full_refresh, prune)
    with if_anybody_listens():
        if done.code == GREEN:
            _tell_success(exports, warehouse, done.progress)
        else:
            tell_failure(done, warehouse)
    return done.code


def _tell_success(exports: Path, warehouse: Warehouse, progress: "Progress") -> None:
    print()
    # of odd facts each is told with its setting
    warned = [w for w in progress.warnings if not w.startswith("marts.data_warnings")]
    facts = "intermediate.implausible_facts"
    with warehouse.connect() as con:
        for line in summary(con, load_config(exports), facts, warned):
            print(line)
    print(f"\nThe marts are in {warehouse.marts_file}. Ask them, for example:\n")
    told = f"--warehouse {quote(str(warehouse.folder))} "
    where = "" if warehouse.folder == warehouse_folder() else told
    for example in EXAMPLES:
        print(f'  {called()} query {where}"{example}"\n')
    print(f"The report, to open in a browser: {warehouse.report_file.as_uri()}")


def run_as_json(exports: Path, warehouse: Warehouse, full_refresh: bool, prune: bool) -> int:
    """Run, and print one JSON object at its end, however that came; the exit code.

    What steps say meanwhile, and why one failed, goes to standard error as ever.
    """

    def tell(code: int, **told: Any) -> None:
        files = {"marts": warehouse.marts_file, "report": warehouse.report_file}
        nothing: dict[str, Any] = {
            "run_id": None,
            "stages": [],
            "exports": {},
            "warnings": [],
            "errors": [],
        }
        there = {name: str(file) if file.exists() else None for name, file in files.items()}
        said = {"status": STATUS[code], "exit_code": code} | nothing | told | there
        with if_anybody_listens():
            print(json.dumps(said, ensure_ascii=False), flush=True)

    try:
        done = _execute(
            *(exports, warehouse, full_refresh, prune),
            last_words=lambda error: tell(BROKEN, errors=[error]),
        )
        if done.code != GREEN:
            with if_anybody_listens():
                tell_failure(done, warehouse)
        mapped = load_config(exports).exports
    except BaseException as error:  # the door says it to people, and sets the exit code
        tell(code_of(error), errors=[str(error) or type(error).__name__])
        raise
    tell(
        done.code,
        run_id=done.result.run_id,
        stages=done.progress.told(),
        exports={name: done.progress.exports.get(name, {}) for name in mapped},
        warnings=done.progress.warnings,
        errors=[said for _, said in done.failures],
    )
    return done.code


def checked_config(exports: Path) -> ExportsConfig:
    """The configuration, valid; of the demo shop the exports are drawn where they are not yet."""
    if names_demo(exports):
        from ..demo import ensure_demo

        ensure_demo(DEMO_EXPORTS)
    return load_config(exports)


def names_demo(exports: Path) -> bool:
    """Whether it is the project's own, which names the demo shop until it is changed."""
    own = ROOT / "data/exports.yml"
    return exports == own and "exports/demo/" in own.read_text(encoding="utf-8")


@dataclass(frozen=True)
class Done:
    """A run that has ended: Dagster's result, and what its log told."""

    result: "dg.ExecuteInProcessResult"
    progress: "Progress"
    is_published: bool

    @cached_property
    def failures(self) -> list[tuple[int, str]]:
        """What failed, each with its exit code and what to do about it."""
        failed = [event for event in self.result.all_events if event.is_failure]
        # without a step: the run could not get hold of the warehouse
        return [_failure(event) for event in failed if event.step_key] or [
            _failure(event) for event in failed
        ]

    @property
    def code(self) -> int:
        """The exit code: of what failed that of the gravest."""
        if self.result.success:
            return GREEN
        return max((code for code, _ in self.failures), default=BROKEN)


def inode(warehouse: Warehouse) -> int | None:
    """Which file is published: a run publishes by putting another in its place."""
    return warehouse.marts_file.stat().st_ino if warehouse.marts_file.exists() else None


@contextmanager
def _without_readers() -> Iterator[None]:
    """Within, nothing is answered: a pipe that breaks is one to a process that the run needs."""
    try:
        yield
    except BrokenPipeError as error:
        raise ExportError(f"{error}; {MENDED_BY_PEOPLE['BrokenPipeError']}") from error


@_without_readers()
def _execute(
    exports: Path,
    warehouse: Warehouse,
    full_refresh: bool,
    prune: bool,
    last_words: Callable[[str], None] = lambda error: None,
) -> Done:
    """The nightly job, told live on a terminal, else a line for each thing a step says."""
    checked_config(exports)  # a wrong one is reported before anything is started

    from rich.console import Console

    from ..definitions import build
    from ..defs.console import Plain, console
    from .terminal.progress import LiveProgress, Progress

    before = inode(warehouse)
    progress, screen = Progress(), Console(stderr=True)
    is_live = sys.stderr.isatty() and not screen.is_dumb_terminal
    with ExitStack() as stack:
        shown = stack.enter_context(LiveProgress(progress, screen)) if is_live else Plain()
        logger = console(progress, shown)
        project = build(exports, warehouse.folder, full_refresh, prune, logger)
        instance = stack.enter_context(opened(warehouse))
        stack.enter_context(time_limit(last_words))
        result = project.resolve_job_def("nightly").execute_in_process(
            instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}}
        )
    return Done(result, progress, is_published=inode(warehouse) != before)


@contextmanager
def time_limit(last_words: Callable[[str], None] = lambda error: None) -> Iterator[None]:
    """End the process, and with it its hold on the warehouse, where a run takes far too long."""

    def give_up() -> None:
        error = (
            f"the run was ended after {RUN_SECONDS} seconds, nothing was published; see what"
            " it waited for (memory, disk), or give it more (RETENTION_RUN_SECONDS)"
        )
        print(f"error: {error}", file=sys.stderr, flush=True)
        last_words(error)
        os._exit(BROKEN)

    timer = threading.Timer(RUN_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def called() -> str:
    """This command as it can be pasted, also where another program runs it."""
    as_typed = Path(sys.argv[0])
    if as_typed.name != "retention":
        as_typed = Path(sys.executable).with_name("retention")
    return quote(str(as_typed))


def tell_failure(done: Done, warehouse: Warehouse) -> None:
    """Say what failed and what to do."""
    print("", file=sys.stderr)
    for _, said in done.failures:
        print(said, file=sys.stderr)
    where = quote(str(warehouse.folder))
    if done.is_published:
        events = done.result.all_events
        but = "the run did not come to its end: run again, once that is mended"
        if any(e.is_step_success and e.step_key == "published__marts" for e in events):
            but = (
                f"no report was made of them: {warehouse.report_file} is missing, or of an earlier"
                f" run. To try again: {called()} report --warehouse {where}"
            )
        print(f"\nThe marts are published in {warehouse.marts_file}, but {but}", file=sys.stderr)
        return
    marts = warehouse.marts_file
    last = f"the last good marts stand in {marts}" if marts.exists() else "there are no marts yet"
    print(f"\nNothing was published; {last}.", file=sys.stderr)
    if RED in (code for code, _ in done.failures):
        print(f"The rows in question: {called()} rejects --warehouse {where}", file=sys.stderr)


def _failure(event: "dg.DagsterEvent") -> tuple[int, str]:
    from ..defs.resources import USER_ERROR as IS_USER_ERROR

    where = event.step_key or "the run"
    failure = event.step_failure_data.user_failure_data if event.step_key else None
    if failure is not None:
        code = USER_ERROR if IS_USER_ERROR in failure.metadata else RED
        return code, f"error in {where}: {failure.description}"
    data = event.step_failure_data if event.step_key else event.job_failure_data
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return BROKEN, f"error in {where}: {event.message}"
    if error.cls_name in ("DagsterExecutionInterruptedError", "KeyboardInterrupt"):
        return INTERRUPTED, f"stopped in {where}"
    if error.cls_name in ("DagsterAssetCheckFailedError", "GateError"):
        said = error.message.strip().removeprefix(f"dagster._core.errors.{error.cls_name}: ")
        return RED, f"red gate: {said}"
    if error.cls_name in MENDED_BY_PEOPLE:
        said = error.message.strip().splitlines()[0].split(": ", 1)[-1]
        return USER_ERROR, f"error in {where}: {said}; {MENDED_BY_PEOPLE[error.cls_name]}"
    if error.cls_name in ("ExportError", "WarehouseBusy"):
        return USER_ERROR, f"error: {error.message.strip().split(': ', 1)[-1]}"
    return BROKEN, f"error in {where}: {error.to_string()}"
