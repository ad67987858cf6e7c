"""What earlier runs did and what readers see now, where the models find it.

The published file is the truth about publications: it is swapped in whole, so what it says about
itself always belongs to its marts. Each run copies that into `ledger.*` before it builds.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from ..exports.loading.writing import Run
from ..exports.sql import literal

#: Settings that define no figure: up to which day figures go, when a gate warns, what is kept.
_NO_DEFINITIONS = (
    *("as_of_date", "last_day_is_partial", "max_", "volume_"),
    *("kept_marts", "report_"),
)

#: Settings that readers of the figures have to know.
_TOLD = (
    *("base_currency", "business_time_zone", "week_starts_on", "churn_after_days"),
    *("report_title", "report_language"),
)

_TABLES = """
create schema if not exists ledger;
create table if not exists ledger.runs (
    run_number integer, run_id varchar, started_at timestamp, definitions varchar,
    as_of_date date, marts_rows bigint, checks_passed bigint, checks_failed bigint,
    is_published boolean
);
alter table ledger.runs add column if not exists settings varchar;
alter table ledger.runs add column if not exists accepted varchar;
alter table ledger.runs add column if not exists warned varchar;
create table if not exists ledger.published_cells (
    study varchar, bucket varchar, period varchar, cohort_start date, period_number integer,
    cohort_size bigint, retained_customers bigint, revenue decimal(18, 4), is_complete boolean
);
create table if not exists ledger.published_restatements (
    run_id varchar, mart varchar, study varchar, bucket varchar, period varchar,
    segment_name varchar, segment_value varchar, period_number integer,
    old_cohort_size bigint, new_cohort_size bigint,
    old_retained_customers bigint, new_retained_customers bigint,
    old_revenue decimal(18, 4), new_revenue decimal(18, 4), cause varchar, cohort_start date
);
"""

_RECALL = """
delete from ledger.runs where run_id in (select run_id from {published}.metric_run_log);
insert into ledger.runs by name
    select * exclude (published, rows), published as is_published, rows as marts_rows
    from {published}.metric_run_log;
delete from ledger.published_restatements;
insert into ledger.published_restatements by name from {published}.restatements;
delete from ledger.published_cells;
insert into ledger.published_cells by name
    select study, bucket, period, cohort_start, period_number, cohort_size, retained_customers,
        revenue, is_complete
    from {published}.cohort_retention where segment_name = 'all';
"""


def prepare_history(con: duckdb.DuckDBPyConnection, marts_file: Path, run: Run) -> str | None:
    """Note the run in `ledger.runs`, and recall what is published.

    Marts of a version without a log of runs count as none. So do damaged ones, which the run
    replaces: what the build file remembers of them stands.

    Returns:
        Why the published file could not be read, where it is damaged.
    """
    con.execute(_TABLES)
    damage = None
    if marts_file.exists():
        try:
            with _published(con, marts_file):
                _recall(con)
        except duckdb.Error as error:
            damage = str(error).splitlines()[0]
    con.execute(
        "insert into ledger.runs (run_number, run_id, started_at, is_published)"
        " select coalesce(max(run_number), 0) + 1, ?, ?, false from ledger.runs"
        " having count(*) filter (where run_id = ?) = 0",
        [run.run_id, run.started_at, run.run_id],
    )
    return damage


def _recall(con: duckdb.DuckDBPyConnection) -> None:
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = 'published'"
    ).fetchall()
    # files of versions up to 0.1 have the marts in a schema of that name
    schema = "marts" if ("marts", "metric_run_log") in tables else "main"
    recalled = ("metric_run_log", "restatements", "cohort_retention")
    if {(schema, table) for table in recalled} <= set(tables):
        con.execute("begin")
        try:
            con.execute(_RECALL.format(published=f"published.{schema}"))
        except duckdb.Error:
            con.execute("rollback")
            raise
        con.execute("commit")


@contextmanager
def _published(con: duckdb.DuckDBPyConnection, marts_file: Path) -> Iterator[None]:
    """The published file as database `published`, whoever holds it.

    A client that opened it for writing keeps others from opening it, but not from copying it.
    """
    with tempfile.TemporaryDirectory() as folder:
        try:
            con.execute(f"attach {literal(marts_file)} as published (read_only)")
        except duckdb.IOException:
            copy = Path(folder) / "marts.duckdb"
            shutil.copyfile(marts_file, copy)
            con.execute(f"attach {literal(copy)} as published (read_only)")
        try:
            yield
        finally:
            con.execute("detach published")


def note_definitions(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    models: Mapping[str, str],
    variables: Mapping[str, Any],
) -> None:
    """Note by which definitions the run makes its figures: models, settings, and studies.

    Of the settings, those that readers of the figures have to know are noted as they are.
    """
    deciding = {k: v for k, v in variables.items() if not k.startswith(_NO_DEFINITIONS)}
    studies = con.execute("select * from ledger.studies order by all").fetchall()
    told = json.dumps([dict(models), deciding, studies], sort_keys=True, default=str)
    con.execute(
        "update ledger.runs set definitions = ?, settings = ? where run_id = ?",
        [
            hashlib.sha256(told.encode()).hexdigest(),
            json.dumps({key: variables[key] for key in _TOLD if variables.get(key)}),
            run.run_id,
        ],
    )


def note_accepted(con: duckdb.DuckDBPyConnection, run: Run, accepted: Sequence[str]) -> None:
    """Note what was found in the run's deliveries, and is let through by `exports.yml`."""
    for told in accepted:
        con.execute(
            "update ledger.runs set accepted = concat_ws('; ', accepted, $1) where run_id = $2"
            " and not contains(coalesce(accepted, ''), $1)",
            [told, run.run_id],
        )
