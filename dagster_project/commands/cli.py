"""The `retention` command: what can be said to it. What each command does is in its own module.

Modules that take long to import (Dagster, dbt, SciPy) are imported by the command that needs them.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click
from click.shell_completion import shell_complete

from ..settings import OFFLINE
from .answers.formats import AUDIENCE_FORMATS, FILE_FORMATS, QUERY_FORMATS
from .terminal.door import if_anybody_listens, leave, through_the_door
from .terminal.exit_codes import BROKEN, GREEN, INTERRUPTED, RED, USER_ERROR
from .terminal.options import (
    Choice,
    Group,
    complete_table,
    examples,
    exports_option,
    limit_option,
    path_option,
    warehouse_at,
    warehouse_option,
)

__all__ = ["BROKEN", "GREEN", "INTERRUPTED", "RED", "USER_ERROR", "cli", "main"]

#: Set by the shell's completion script: which shell asks, and what for.
COMPLETE = "_RETENTION_COMPLETE"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the return value is the process's exit code."""
    os.environ.update(OFFLINE)
    given = sys.argv[1:] if arguments is None else list(arguments)
    if arguments is None and (asked := os.environ.get(COMPLETE)):
        return USER_ERROR if shell_complete(cli, {}, "retention", COMPLETE, asked) else GREEN

    def invoked() -> int:
        with cli.make_context("retention", given) as context:
            code: int = cli.invoke(context)
        with if_anybody_listens():
            sys.stdout.flush()
        return code

    code = through_the_door(invoked)
    return leave(code) if arguments is None else code


@click.group(
    cls=Group,
    no_args_is_help=True,
    context_settings={"max_content_width": 100},
    epilog=examples(
        "retention init orders.csv customers.csv",
        "retention check --exports exports.yml",
        "retention run --exports exports.yml --warehouse my_warehouse",
        'retention query "select month, churn_rate from monthly_churn" --warehouse my_warehouse',
    )
    + "\n\nExit codes: 0 green, 1 a gate or test is red, 2 the configuration, a file, the machine"
    " or the words of the command need you, 3 a defect.",
)
def cli() -> None:
    """Order, session and CRM exports to retention marts."""


@cli.command(epilog=examples("retention init orders.csv customers.csv --output exports.yml"))
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@path_option("--output", "Where to write it.  [default: exports.yml]", lambda: Path("exports.yml"))
def init(files: tuple[Path, ...], output: Path) -> int:
    """Propose an exports.yml for files.

    What your columns mean is made out from their names and values; what only you know is a TODO.
    """
    from .init import init

    init(list(files), output)
    return GREEN


@cli.command(epilog=examples("retention check --exports exports.yml"))
@exports_option
def check(exports: Path) -> int:
    """Say in seconds what the exports come to; builds nothing.

    Compare the rows, orders and sums with your own back office.
    """
    from .check import check
    from .run import checked_config

    for line in check(checked_config(exports.resolve())):
        print(line)
    return GREEN


@cli.command(
    epilog=examples(
        "retention run --exports exports.yml --warehouse my_warehouse",
        "retention run --json > last_run.json",
    )
)
@exports_option
@warehouse_option
@click.option("--full-refresh", is_flag=True, help="Read every file again.")
@click.option("--prune", is_flag=True, help="Drop the rows of files that are no longer there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object at the end.")
def run(exports: Path, warehouse: Path, full_refresh: bool, prune: bool, as_json: bool) -> int:
    """Load, check, build and publish.

    A red gate stops what is downstream, and the last good marts stay.
    """
    from .run import run, run_as_json

    do = run_as_json if as_json else run
    return do(exports.resolve(), warehouse_at(warehouse), full_refresh, prune)


@cli.command(
    epilog=examples("retention nightly artifacts --exports exports.yml --warehouse my_warehouse")
)
@click.argument("folder", type=click.Path(path_type=Path))
@exports_option
@warehouse_option
def nightly(folder: Path, exports: Path, warehouse: Path) -> int:
    """Run, and keep in FOLDER what a person needs in the morning.

    The marts, their report, what every gate found, dbt's docs, and summary.md, which is written
    whether the run was green or not: figures, warnings, what changed since the last publication.
    """
    from .nightly import night

    return night(folder.resolve(), exports.resolve(), warehouse_at(warehouse))


@cli.command(epilog=examples("retention ui --exports exports.yml --warehouse my_warehouse"))
@exports_option
@warehouse_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Whom to listen to.")
@click.option("--port", type=int, default=3000, show_default=True)
def ui(exports: Path, warehouse: Path, host: str, port: int) -> NoReturn:
    """Serve the Dagster UI of one shop.

    Lineage, checks, runs and their history, which is in the warehouse, or where DAGSTER_HOME says.
    """
    from .ui import serve

    serve(exports.resolve(), warehouse_at(warehouse), host, port)


@cli.command(epilog=examples("retention report --open"))
@warehouse_option
@click.option("--open", "opens", is_flag=True, help="Show it in the browser.")
def report(warehouse: Path, opens: bool) -> int:
    """Make the page of the published marts anew.

    Its address is printed.
    """
    import webbrowser

    from ..report.page import write_report

    where = warehouse_at(warehouse)
    write_report(where.marts_file, where.report_file)
    address = where.report_file.as_uri()
    print(address)
    if opens and not webbrowser.open(address):
        print("No browser could be started; open the address above.", file=sys.stderr)
    return GREEN


@cli.command(
    epilog=examples(
        'retention query "select month, churn_rate from monthly_churn" --format json',
        'retention query "from cohort_retention" --format xlsx --output cohorts.xlsx',
        "retention query --file question.sql > answer.csv",
    )
)
@click.argument("sql", required=False)
@click.option("--file", type=click.Path(path_type=Path), help="A file with the SQL.")
@click.option(
    "--format",
    "file_format",
    type=Choice(QUERY_FORMATS),
    help="Default: a table on a screen, csv with all columns when piped.",
)
@path_option("--output", "The file that parquet or xlsx is written to.")
@warehouse_option
def query(
    sql: str | None,
    file: Path | None,
    file_format: str | None,
    output: Path | None,
    warehouse: Path,
) -> int:
    """Read the published marts with SQL.

    Give one or more SELECTs; without any, or for -, they are read from standard input.
    """
    from .query import answer, question

    asked = question(sql, file, sys.stdin)
    marts = warehouse_at(warehouse).marts_file
    for note in answer(marts, asked, file_format, output, sys.stdout):
        print(note, file=sys.stderr)
    return GREEN


@cli.command(epilog=examples("retention tables"))
@warehouse_option
def tables(warehouse: Path) -> int:
    """The published tables, and the question that each answers."""
    from .tables import show, tables

    show(tables(warehouse_at(warehouse).marts_file), ("table", "rows", "question"))
    return GREEN


@cli.command(epilog=examples("retention describe cohort_retention"))
@click.argument("table", shell_complete=complete_table)
@warehouse_option
def describe(table: str, warehouse: Path) -> int:
    """What a table and its columns mean, and a query to begin with."""
    from .tables import describe

    print("\n".join(describe(warehouse_at(warehouse).marts_file, table)))
    return GREEN


@cli.command(
    epilog=examples(
        "retention export monthly_churn --format xlsx",
        'retention export --query "select * from customer_value" --output customers.csv',
        "retention export audiences --folder lists",
    )
)
@click.argument("what", required=False, metavar="[TABLE]", shell_complete=complete_table)
@click.option("--query", "sql", help="A SELECT whose answer is written, instead of a table.")
@click.option(
    "--format",
    "file_format",
    type=Choice(sorted({*FILE_FORMATS, *AUDIENCE_FORMATS})),
    help="Default: as the name of the output ends, else csv. jsonl is for audiences alone, xlsx"
    " for all else.",
)
@path_option("--output", "The file to write.  [default: the table's name, here]")
@path_option("--folder", "Of audiences, where to.  [default: audiences/ beside the marts]")
@warehouse_option
def export(
    what: str | None,
    sql: str | None,
    file_format: str | None,
    output: Path | None,
    folder: Path | None,
    warehouse: Path,
) -> int:
    """Write a published table, or the answer to a query, to a file.

    CSV, Parquet and Excel (xlsx) are written; a file that is there is replaced whole. "audiences"
    writes a file for each audience, without the customers that are held out. Text in CSV is safe
    for spreadsheets: a cell that one would take for a formula gets a leading apostrophe.
    """
    from .export import export

    for line in export(warehouse_at(warehouse), what, sql, file_format, output, folder):
        print(line)
    return GREEN


@cli.group(
    cls=Group,
    no_args_is_help=True,
    epilog=examples(
        "retention explain retention order_to_order 2024-01 1",
        "retention explain churn 2024-03",
        "retention explain revenue 2024-03",
    ),
)
def explain() -> None:
    """Which customers and rows stand behind a published figure.

    They are listed, and added up beside what is published.

    Customers are told by a mask, the same for the same customer: the first 12 digits of the
    SHA-256 of the id. Whoever may see ids finds one again by
    "where sha256(customer_id) like '<mask>%'".
    """


@explain.command(
    "retention",
    epilog=examples(
        "retention explain retention order_to_order 2024-01 1",
        "retention explain retention any_to_any 2024-01-08 2 --period week --segment country=GB",
    ),
)
@click.argument("study")
@click.argument("cohort")
@click.argument("period_number", type=int)
@click.option("--period", type=Choice(["day", "week", "month"]), default="month", show_default=True)
@click.option("--segment", default="all", show_default=True, help="As in country=GB.")
@limit_option
@warehouse_option
def explain_retention(
    study: str,
    cohort: str,
    period_number: int,
    period: str,
    segment: str,
    limit: int,
    warehouse: Path,
) -> int:
    """A cell of cohort_retention: who started, and who came back.

    COHORT is a day of the period in which they started (2024-01 is of 2024-01-01), PERIOD_NUMBER
    how many periods later.
    """
    from .explain.retention import explain_cell
    from .explain.telling import tell

    where = warehouse_at(warehouse)
    return tell(explain_cell(where, study, cohort, period_number, period, segment), limit)


@explain.command("churn", epilog=examples("retention explain churn 2024-03 --base any"))
@click.argument("month")
@click.option("--base", default="order", show_default=True, help="What keeps a customer.")
@limit_option
@warehouse_option
def explain_churn(month: str, base: str, limit: int, warehouse: Path) -> int:
    """A month of monthly_churn: who came, came back and was lost.

    Each with the day on which they were last seen before.
    """
    from .explain.churn import explain_month
    from .explain.telling import tell

    return tell(explain_month(warehouse_at(warehouse), month, base), limit)


@explain.command("revenue", epilog=examples("retention explain revenue 2024-03 --view cohort"))
@click.argument("month")
@click.option(
    "--view",
    type=Choice(["cash", "cohort"]),
    default="cash",
    show_default=True,
    help="Refunds on their own day, or on that of their order.",
)
@limit_option
@warehouse_option
def explain_revenue(month: str, view: str, limit: int, warehouse: Path) -> int:
    """The revenue of a month: its orders and refunds.

    It is what all cohorts of cohort_value brought in that month.
    """
    from .explain.revenue import explain_month
    from .explain.telling import tell

    return tell(explain_month(warehouse_at(warehouse), month, view), limit)


@cli.command(epilog=examples("retention rejects --limit 100"))
@click.option("--limit", type=click.IntRange(0), default=20, show_default=True, help="Rows shown.")
@warehouse_option
def rejects(limit: int, warehouse: Path) -> int:
    """Show rows that were rejected or held back, after a red run too."""
    from ..warehouse.rejects import read_rejects

    counts, rows = read_rejects(warehouse_at(warehouse).rejects_file, limit)
    counts.show(max_rows=200, max_width=200)
    rows.show(max_rows=limit, max_width=200)
    return GREEN


@cli.command(
    epilog=examples(
        "retention rollback --list", "retention rollback", "retention rollback --to NAME"
    )
)
@click.option("--to", "name", metavar="NAME", help="Which; the ones before the last by default.")
@click.option("--list", "lists", is_flag=True, help="Name those that are kept, do nothing.")
@warehouse_option
def rollback(name: str | None, lists: bool, warehouse: Path) -> int:
    """Publish earlier marts again."""
    from .rollback import list_kept, roll_back

    where = warehouse_at(warehouse)
    if lists:
        list_kept(where)
    else:
        roll_back(where, name)
    return GREEN


@cli.command(epilog=examples("retention doctor --exports exports.yml --warehouse my_warehouse"))
@exports_option
@warehouse_option
def doctor(exports: Path, warehouse: Path) -> int:
    """Say what is to be done about machine, exports and warehouse.

    Changes nothing. Exits with 0 where all is well, else with 2.
    """
    from .doctor import examine, tell

    return tell(examine(exports.resolve(), warehouse_at(warehouse)))


if __name__ == "__main__":
    sys.exit(main())
