"""The `retention` command: `init`, `check`, `run`, `report`, `query` and what else there is."""

import argparse
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..exports.config.load import load_config
from ..exports.errors import ExportError, WarehouseBusy
from ..settings import (
    DAGSTER_HOME,
    DEMO_EXPORTS,
    OFFLINE,
    ROOT,
    RUN_SECONDS,
    exports_file,
    warehouse_folder,
)
from ..warehouse.files import Warehouse
from ..warehouse.kept import kept, rollback
from ..warehouse.rejects import read_rejects
from ..warehouse.summary import summary
from . import query as queries
from .export_audiences import FORMATS, export_audiences

if TYPE_CHECKING:
    import dagster as dg

GREEN, RED, USER_ERROR, BROKEN = 0, 1, 2, 3

#: What a machine lacks, or a damaged file, by the class of DuckDB's or Python's error.
MENDED_BY_PEOPLE = {
    "OutOfMemoryException": "give it more memory or disk, or see RETENTION_MEMORY",
    "PermissionError": "let this user read and write it",
    "OSError": "is the disk full, or the file out of reach?",
} | dict.fromkeys(
    ("IOException", "FatalException", "InternalException", "SerializationException"),
    "if the disk is full, make room; if build.duckdb is damaged, move it away, and the next run"
    " builds it anew from the exports",
)

EXAMPLES = (
    "select cohort_start, period_number, cohort_size, retention_rate from cohort_retention"
    " where study = 'order_to_order' and period = 'month' and segment_name = 'all'"
    " order by 1, 2 limit 15",
    "select month, opening_customers, new_customers, churned_customers, churn_rate"
    " from monthly_churn where base = 'order' order by month",
    "select rfm_segment, count(*) as customers, sum(net_revenue) as net_revenue"
    " from customer_value group by 1 order by 3 desc",
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the return value is the process's exit code."""
    os.environ.update(OFFLINE)
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        return given.command(given)
    except (ExportError, WarehouseBusy) as error:
        print(f"error: {error}", file=sys.stderr)
        return USER_ERROR
    except BrokenPipeError:  # whoever read the answer has had enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GREEN
    except OSError as error:  # a full disk, a folder that may not be written
        print(f"error: {error.filename or 'a file'}: {error.strerror or error}", file=sys.stderr)
        return USER_ERROR
    except Exception:  # the door: what nobody foresaw is a defect of ours, with its own exit code
        traceback.print_exc()
        print("error: a defect; the lines above say where", file=sys.stderr)
        return BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="retention", description="Order, session and CRM exports to retention marts."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser("run", help="load, check, build and publish")
    run.add_argument("--exports", type=Path, default=exports_file(), help="exports.yml to load")
    run.add_argument("--full-refresh", action="store_true", help="read every file again")
    run.add_argument(
        "--prune", action="store_true", help="drop the rows of files that are no longer there"
    )
    run.set_defaults(command=_run)

    report = commands.add_parser(
        "report",
        help="make the page of the published marts anew",
        epilog="for example: retention report --open",
    )
    report.add_argument("--open", action="store_true", help="show it in the browser")
    report.set_defaults(command=_report)

    query = commands.add_parser(
        "query",
        help="read the published marts with SQL",
        epilog='for example: retention query "select month, churn_rate from monthly_churn"'
        " --format json",
    )
    query.add_argument("sql", nargs="?", help="SELECTs; else, or for -, standard input")
    query.add_argument("--file", type=Path, help="a file with the SQL")
    query.add_argument(
        "--format",
        choices=queries.FORMATS,
        help="default: a table on a screen, csv with all columns when piped",
    )
    query.add_argument("--output", type=Path, help="the file that parquet is written to")
    query.set_defaults(command=_query)

    tables = commands.add_parser("tables", help="the published tables and what each answers")
    tables.set_defaults(command=_tables)

    describe = commands.add_parser(
        "describe",
        help="what a table and its columns mean",
        epilog="for example: retention describe cohort_retention",
    )
    describe.add_argument("table")
    describe.set_defaults(command=_describe)
    back = commands.add_parser("rollback", help="publish earlier marts again")
    back.add_argument("--to", metavar="NAME", help="which; the ones before the last by default")
    back.add_argument("--list", action="store_true", help="name those that are kept, do nothing")
    back.set_defaults(command=_rollback)

    rejects = commands.add_parser(
        "rejects", help="show rows that were rejected or held back, after a red run too"
    )
    rejects.add_argument("--limit", type=int, default=20, help="how many of them, one by one")
    rejects.set_defaults(command=_rejects)

    export = commands.add_parser("export", help="write published lists to files")
    export.add_argument("what", choices=["audiences"], help="a file for each audience")
    export.add_argument("--format", choices=FORMATS, default="csv")
    export.add_argument("--folder", type=Path, help="default: audiences/ beside the marts")
    export.set_defaults(command=_export)
    for command in (run, report, rejects, query, tables, describe, export, back):
        command.add_argument("--warehouse", type=Path, default=warehouse_folder())

    look = commands.add_parser(
        "check", help="load the exports and say what they come to, in seconds; builds nothing"
    )
    look.add_argument("--exports", type=Path, default=exports_file(), help="exports.yml to load")
    look.set_defaults(command=_check)

    init = commands.add_parser("init", help="propose an exports.yml for files")
    init.add_argument("files", nargs="+", type=Path, metavar="FILE")
    init.add_argument("--output", type=Path, default=Path("exports.yml"))
    init.set_defaults(command=_init)
    return parser


def _run(given: argparse.Namespace) -> int:
    exports, folder = given.exports.resolve(), _warehouse(given).folder
    if exports == ROOT / "data/exports.yml":
        _provide_demo()
    load_config(exports)  # a wrong configuration is reported before anything is started
    os.environ.setdefault("DAGSTER_HOME", str(DAGSTER_HOME))

    import dagster as dg

    from ..definitions import build

    job = build(exports, folder, given.full_refresh, given.prune).resolve_job_def("nightly")
    with _time_limit(), dg.DagsterInstance.get() as instance:
        result = job.execute_in_process(
            instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}}
        )
    if result.success:
        print()
        with Warehouse(folder).connect() as con:
            for line in summary(con, load_config(exports), "intermediate.implausible_facts"):
                print(line)
        print(f"\nThe marts are in {folder / 'marts.duckdb'}. Ask them, for example:\n")
        where = "" if folder == warehouse_folder() else f"--warehouse {folder} "
        for example in EXAMPLES:
            print(f'  {sys.argv[0]} query {where}"{example}"\n')
        print(f"The report, to open in a browser: {Warehouse(folder).report_file.as_uri()}")
        return GREEN
    return tell_failure(result, folder)


@contextmanager
def _time_limit() -> Iterator[None]:
    """End the process, and with it its hold on the warehouse, where a run takes far too long."""

    def give_up() -> None:
        print(
            f"error: the run was ended after {RUN_SECONDS} seconds, nothing was published; see what"
            " it waited for (memory, disk), or give it more (RETENTION_RUN_SECONDS)",
            file=sys.stderr,
            flush=True,
        )
        os._exit(BROKEN)

    timer = threading.Timer(RUN_SECONDS, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _check(given: argparse.Namespace) -> int:
    from .check import check

    exports = given.exports.resolve()
    if exports == ROOT / "data/exports.yml":
        _provide_demo()
    for line in check(load_config(exports)):
        print(line)
    return GREEN


def _provide_demo() -> None:
    """The project's own exports.yml names the demo shop until it is changed."""
    from ..demo import ensure_demo

    text = (ROOT / "data/exports.yml").read_text(encoding="utf-8")
    if "exports/demo/" in text:
        ensure_demo(DEMO_EXPORTS)


def tell_failure(result: "dg.ExecuteInProcessResult", folder: Path) -> int:
    """Say what failed and what to do; the exit code is that of the gravest failure."""
    print("", file=sys.stderr)
    codes = [_tell(event) for event in result.all_events if event.is_failure and event.step_key]
    if not codes:  # before the first step: the run could not get hold of the warehouse
        codes = [_tell(event) for event in result.all_events if event.is_failure]
    warehouse = Warehouse(folder)
    if any(e.is_step_success and e.step_key == "published__marts" for e in result.all_events):
        print(
            f"\nThe marts are published in {warehouse.marts_file}, but no report was made of them:"
            f" {warehouse.report_file} is missing, or of an earlier run. To try again:"
            f" {sys.argv[0]} report --warehouse {folder}",
            file=sys.stderr,
        )
        return max(codes, default=BROKEN)
    marts = warehouse.marts_file
    last = f"the last good marts stand in {marts}" if marts.exists() else "there are no marts yet"
    print(f"\nNothing was published; {last}.", file=sys.stderr)
    if RED in codes:
        print(f"The rows in question: {sys.argv[0]} rejects --warehouse {folder}", file=sys.stderr)
    return max(codes, default=BROKEN)


def _tell(event: "dg.DagsterEvent") -> int:
    from ..defs.resources import USER_ERROR as IS_USER_ERROR

    failure = event.step_failure_data.user_failure_data if event.step_key else None
    if failure is not None:
        print(f"error in {event.step_key}: {failure.description}", file=sys.stderr)
        return USER_ERROR if IS_USER_ERROR in failure.metadata else RED
    data = event.step_failure_data if event.step_key else event.job_failure_data
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    if error is None:
        return BROKEN
    if error.cls_name in ("DagsterAssetCheckFailedError", "GateError"):
        said = error.message.strip().removeprefix(f"dagster._core.errors.{error.cls_name}: ")
        print(f"red gate: {said}", file=sys.stderr)
        return RED
    if error.cls_name in MENDED_BY_PEOPLE:
        said = error.message.strip().splitlines()[0].split(": ", 1)[-1]
        remedy = MENDED_BY_PEOPLE[error.cls_name]
        print(f"error in {event.step_key or 'the run'}: {said}; {remedy}", file=sys.stderr)
        return USER_ERROR
    if error.cls_name in ("ExportError", "WarehouseBusy"):
        print(f"error: {error.message.strip().split(': ', 1)[-1]}", file=sys.stderr)
        return USER_ERROR
    print(f"error in {event.step_key or 'the run'}: {error.to_string()}", file=sys.stderr)
    return BROKEN


def _warehouse(given: argparse.Namespace) -> Warehouse:
    folder = given.warehouse.resolve()
    if folder.is_file():
        raise ExportError(f"--warehouse: {folder} is a file; name the folder of the warehouse")
    return Warehouse(folder)


def _query(given: argparse.Namespace) -> int:
    sql = queries.question(given.sql, given.file, sys.stdin)
    marts = _warehouse(given).marts_file
    for note in queries.answer(marts, sql, given.format, given.output, sys.stdout):
        print(note, file=sys.stderr)
    return GREEN


def _tables(given: argparse.Namespace) -> int:
    queries.show(queries.tables(_warehouse(given).marts_file), ("table", "rows", "question"))
    return GREEN


def _describe(given: argparse.Namespace) -> int:
    print("\n".join(queries.describe(_warehouse(given).marts_file, given.table)))
    return GREEN


def _report(given: argparse.Namespace) -> int:
    import webbrowser

    from ..report.page import write_report

    warehouse = _warehouse(given)
    write_report(warehouse.marts_file, warehouse.report_file)
    address = warehouse.report_file.as_uri()
    print(address)
    if given.open and not webbrowser.open(address):
        print("No browser could be started; open the address above.", file=sys.stderr)
    return GREEN


def _rollback(given: argparse.Namespace) -> int:
    warehouse = _warehouse(given)
    if given.list:
        for each in kept(warehouse):
            print(f"{each.name}  up to {each.as_of_date}  run {each.run_id}")
        if not kept(warehouse):
            print(f"nothing is kept in {warehouse.kept_folder} yet: a run does so as it publishes")
        return GREEN
    with warehouse.lock("rollback", print):
        chosen = rollback(warehouse, given.to)
        _report_of_what_is_published(warehouse)
    print(
        f"published again: {chosen.name}, up to {chosen.as_of_date}. The next run publishes what"
        " the exports come to then: mend what was wrong before it (docs/runbook.md)."
    )
    return GREEN


def _report_of_what_is_published(warehouse: Warehouse) -> None:
    """The page of these marts, or none: one of others would contradict them."""
    from ..report.page import write_report

    warehouse.report_file.unlink(missing_ok=True)
    try:
        write_report(warehouse.marts_file, warehouse.report_file)
    except ExportError as error:
        print(f"there is no report of them: {error}")


def _rejects(given: argparse.Namespace) -> int:
    counts, rows = read_rejects(_warehouse(given).rejects_file, given.limit)
    counts.show(max_rows=200, max_width=200)
    rows.show(max_rows=given.limit, max_width=200)
    return GREEN


def _export(given: argparse.Namespace) -> int:
    marts = _warehouse(given).marts_file
    folder = (given.folder or marts.with_name("audiences")).resolve()
    for audience, rows in export_audiences(marts, folder, given.format).items():
        print(f"{rows:>8}  {folder / audience}.{given.format}")
    return GREEN


def _init(given: argparse.Namespace) -> int:
    from ..exports.proposal.propose import propose

    if given.output.exists():
        raise ExportError(f"{given.output} exists already; move it away or name another --output")
    if not given.output.resolve().parent.is_dir():
        raise ExportError(f"{given.output}: cannot be written (its folder does not exist)")
    proposed = propose(given.files, given.output.resolve().parent)
    try:
        given.output.write_text(proposed, encoding="utf-8")
    except OSError as error:
        raise ExportError(f"{given.output}: cannot be written ({error.strerror})") from error
    from ..exports.proposal.look import SAMPLE_ROWS
    from .check import check

    print(f"Wrote {given.output}. What a sample of the files comes to by it:\n")
    for line in check(load_config(given.output), SAMPLE_ROWS):
        print(line)
    print(f"\nDecide each TODO in {given.output}, then: retention check --exports {given.output}")
    return GREEN


if __name__ == "__main__":
    sys.exit(main())
