"""Whether two published files tell the same: what every upgrade is checked with.

`python -m dagster_project.warehouse.compare OLD NEW` prints each table that differs, in how many
rows and columns, and exits with 1 if one does. It takes build files too, of which it compares the
marts and `customer_activity_days`. Tables and columns that describe runs are left out.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ..exports.sql import identifier, literal

#: Left out, since they describe runs: two warehouses with the same figures were run by others.
RUN_TABLES = frozenset({"metric_run_log", "restatements"})
RUN_COLUMNS = frozenset({"run_id", "run_number", "loaded_at"})
#: The one table behind the marts that is worth comparing, by ids and names: two warehouses with the
#: same figures gave other keys. A view of a file can be read only where that is opened by its name.
DAYS = "customer_activity_days"
_KEYED_DAYS = """(
    select customers.customer_id, activities.activity, days.occurrences, days.revenue,
        days.activity_date
    from {0}.core.activity_days as days
    left join {0}.core.customer_keys as customers using (customer_key)
    left join {0}.core.activity_keys as activities using (activity_key)
)"""
#: How the days were kept, before they had keys.
_KEEPING = frozenset({"digest", "customer_bucket"})

Tables = dict[str, tuple[str, dict[str, str]]]


@dataclass(frozen=True)
class Difference:
    """How one table of two files differs; an empty `note` means that both can be compared."""

    table: str
    rows: tuple[int, int]
    only_old: int = 0
    only_new: int = 0
    columns: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_equal(self) -> bool:
        """Whether both files hold the same rows of the same columns."""
        return not (self.only_old or self.only_new or self.note)

    def __str__(self) -> str:
        if self.is_equal:
            return f"{self.table}: equal, {self.rows[0]:,} rows"
        told = f"{self.table}: {self.rows[0]:,} rows before, {self.rows[1]:,} now"
        if self.only_old or self.only_new:
            told += f"; {self.only_old:,} only before, {self.only_new:,} only now"
        if self.columns:
            told += f"; columns that differ: {', '.join(self.columns)}"
        return told + (f"; {self.note}" if self.note else "")


def compare(old: Path, new: Path) -> list[Difference]:
    """How each table of two files, published or built, differs; tables that describe runs aside.

    Raises duckdb.Error where a file cannot be opened.
    """
    with duckdb.connect() as con:
        con.execute(f"attach {literal(old)} as old (read_only)")
        con.execute(f"attach {literal(new)} as new (read_only)")
        before, now = _tables(con, "old"), _tables(con, "new")
        return [_difference(con, table, before, now) for table in sorted(before | now)]


def _tables(con: duckdb.DuckDBPyConnection, database: str) -> Tables:
    """Where each table is, and its columns with their types; DAYS and what is published."""
    views = "select view_name from duckdb_views() where database_name = ?"
    has_keys = (DAYS,) in con.execute(views, [database]).fetchall()
    found: Tables = {}
    for schema, table, column, kind in con.execute(
        "select schema_name, table_name, column_name, data_type from duckdb_columns()"
        " where database_name = ? and (schema_name in ('main', 'marts') or table_name = ?)"
        " order by all",
        [database, DAYS],
    ).fetchall():
        if table not in RUN_TABLES:
            where = f"{database}.{identifier(schema)}.{identifier(table)}"
            if table == DAYS and has_keys:
                where = _KEYED_DAYS.format(database)
            columns = found.setdefault(table, (where, {}))[1]
            if column not in RUN_COLUMNS and not (table == DAYS and column in _KEEPING):
                columns[column] = kind
    return found


def _difference(
    con: duckdb.DuckDBPyConnection, table: str, before: Tables, now: Tables
) -> Difference:
    if table not in before or table not in now:
        (where, _) = (before | now)[table]
        counted = _count(con, f"from {where}")
        rows = (counted, 0) if table in before else (0, counted)
        return Difference(table, rows, note="only before" if table in before else "only now")
    (old, was), (new, has) = before[table], now[table]
    notes = [f"column {c} only before" for c in was if c not in has]
    notes += [f"column {c} only now" for c in has if c not in was]
    notes += [f"{c} was {was[c]}, is {has[c]}" for c in was if c in has and was[c] != has[c]]
    shared = [column for column in was if column in has]
    names = ", ".join(identifier(column) for column in shared)
    gone = f"from (select {names} from {old} except all select {names} from {new})"
    come = f"from (select {names} from {new} except all select {names} from {old})"
    only_old, only_new = _count(con, gone), _count(con, come)
    return Difference(
        table,
        (_count(con, f"from {old}"), _count(con, f"from {new}")),
        only_old,
        only_new,
        tuple(_differing(con, old, new, shared)) if only_old or only_new else (),
        ", ".join(notes),
    )


def _differing(
    con: duckdb.DuckDBPyConnection, old: str, new: str, columns: list[str]
) -> Iterator[str]:
    """The columns whose values, each taken by itself, are not the same."""
    for column in columns:
        name = identifier(column)
        apart = f"from (select {name} from {old} except all select {name} from {new})"
        back = f"from (select {name} from {new} except all select {name} from {old})"
        if _count(con, apart) or _count(con, back):
            yield column


def _count(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    counted = con.execute(f"select count(*) {rows}").fetchone()
    assert counted is not None
    return int(counted[0])


def main(arguments: list[str] | None = None) -> int:
    """Print how two files differ; the return value is 0 where they do not, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    given = parser.parse_args(arguments)
    differences = compare(given.old, given.new)
    for difference in differences:
        if not difference.is_equal:
            print(difference)
    equal = [difference for difference in differences if difference.is_equal]
    rows = sum(difference.rows[0] for difference in equal)
    print(
        f"{len(equal)} of {len(differences)} tables equal ({rows:,} rows);"
        f" not compared: {', '.join(sorted(RUN_TABLES))} and columns"
        f" {', '.join(sorted(RUN_COLUMNS))}"
    )
    return int(len(equal) < len(differences))


if __name__ == "__main__":
    sys.exit(main())
