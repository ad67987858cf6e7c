"""The rules on a whole export, each where it is broken and where it holds, by hand."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.exports.config.schema import Settings
from dagster_project.quality import rules
from dagster_project.settings import DBT_PROJECT

DEFAULTS = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
MONDAY = dt.date(2024, 3, 25)


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema raw; create schema staging; create schema ledger;"
            "create table ledger.files (export varchar, file varchar, delivered_at date,"
            " columns varchar, rows_in_file bigint, rows_rejected bigint, loaded_at timestamp);"
            "create table ledger.rejects (export varchar, _file varchar, _line bigint,"
            ' "column" varchar, reason varchar, value varchar, _delivered_at date)'
        )
        for name, table in rules.DAILY.items():
            connection.execute(
                f"create table raw.{name} ({table.time} timestamp, _delivered_at date);"
                f"create table staging.{table.staged}"
                f" (order_id varchar, {table.day} date, row_status varchar,"
                " quarantine_reason varchar, _file varchar default 'o.csv',"
                " _line bigint default 1, _delivered_at date default date '2099-01-01')"
            )
        yield connection


def found(con: duckdb.DuckDBPyConnection, rule: str, table: str) -> list[tuple]:
    return con.execute(rule.format(batch=f"(select * from {table})")).fetchall()


def staged(name: str) -> str:
    return f"staging.{rules.DAILY[name].staged}"


def put(con: duckdb.DuckDBPyConnection, name: str, day: dt.date, count: int, **how: str) -> None:
    con.execute(
        f"insert into {staged(name)} (order_id, {rules.DAILY[name].day}, row_status,"
        " quarantine_reason) select $day || '-' || i, $day, $status, $reason"
        " from range($count) as rows (i)",
        {
            "day": day,
            "count": count,
            "status": how.get("status", "used"),
            "reason": how.get("reason"),
        },
    )


def stale(con: duckdb.DuckDBPyConnection, name: str, **given: Any) -> list[tuple]:
    return found(con, rules.stale(name, DEFAULTS | given), f"raw.{name}")


def test_an_export_whose_newest_row_is_old(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into raw.orders values ('2024-03-20 10:00:00', '2024-04-01')")
    con.execute("insert into raw.sessions values ('2024-03-27 10:00:00', '2024-04-01')")
    assert stale(con, "orders") == []
    con.execute("insert into raw.sessions values ('2024-03-28 10:00:00', '2024-04-01')")
    assert stale(con, "orders") == [(dt.date(2024, 3, 20), dt.date(2024, 3, 28))]
    assert stale(con, "sessions") == []
    assert stale(con, "events") == []  # no row at all is another rule's
    assert stale(con, "orders", last_day_is_partial=True) == []
    assert stale(con, "orders", max_days_without_rows=8) == []
    assert len(stale(con, "sessions", as_of_date="2024-04-05")) == 1
    assert stale(con, "sessions", as_of_date="2024-04-04") == []


def test_days_are_those_of_the_business(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into raw.orders values ('2024-03-20 22:00:00', '2024-04-01')")
    con.execute("insert into raw.sessions values ('2024-03-28 10:00:00', '2024-04-01')")
    assert len(stale(con, "orders")) == 1
    assert stale(con, "orders", business_time_zone="Asia/Tokyo") == []


def test_rows_from_the_future_make_nothing_fresh(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into raw.orders values ('2024-03-20 22:00:00', '2024-04-01')")
    con.execute("insert into raw.events values ('2042-01-01 10:00:00', '2024-04-01')")
    assert stale(con, "orders") == []


def test_unknown_customers(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table staging.stg_orders as select 'known' as customer_id from range(19)")
    con.execute("create table staging.stg_customers as select 'known' as customer_id")
    con.execute("insert into staging.stg_orders values ('stranger'), (null), (null)")
    assert found(con, rules.unknown_customers(0.05), "staging.stg_orders") == []
    assert found(con, rules.unknown_customers(0.04), "staging.stg_orders") == [(1, 20)]


def reject(con: duckdb.DuckDBPyConnection, file: str, rows: int, bad: int, value: str) -> None:
    con.execute(
        "insert into ledger.files (export, file, delivered_at, rows_in_file, rows_rejected)"
        " values ('orders', ?, '2024-03-01', ?, ?)",
        [file, rows, bad],
    )
    con.execute(
        "insert into ledger.rejects select 'orders', $file, 2 + i, 'amount',"
        " 'amount is not a number', $value, '2024-03-01' from range($bad) as rows (i)",
        {"file": file, "value": value, "bad": bad},
    )


def test_the_share_of_rejected_rows(con: duckdb.DuckDBPyConnection) -> None:
    reject(con, "a.csv", 100, 2, "Müller 12")
    reject(con, "b.csv", 100, 0, "")
    assert found(con, rules.rejected("orders", 0.01), "ledger.files") == []
    ((of, rows, examples, remedy, let_through),) = found(
        con, rules.rejected("orders", 0.009), "ledger.files"
    )
    assert (of, rows, remedy) == ("all files", "2 of 200 rows (1.0 %)", None)
    assert examples == "; ".join(
        f"a.csv line {line}: amount is not a number (aaaaaa 99)" for line in (2, 3)
    )
    assert let_through.startswith("`max_rejected_share: 0.01` under `settings:` lets as many")
    assert found(con, rules.rejected("sessions", 0.0), "ledger.files") == []


@pytest.mark.parametrize(("bad", "is_judged"), [(19, False), (20, True)])
def test_a_new_file_is_judged_by_itself(
    con: duckdb.DuckDBPyConnection, bad: int, is_judged: bool
) -> None:
    """Few beside the rows of years, but all of tonight's; a tiny file is not red for a row."""
    reject(con, "years.csv", 20_000, 0, "")
    reject(con, "tonight.csv", bad, bad, "x")
    red = found(con, rules.rejected("orders", 0.01), "ledger.files")
    assert ["tonight.csv" in of for of, *_ in red] == [True] * is_judged


def test_the_share_of_quarantined_rows(con: duckdb.DuckDBPyConnection) -> None:
    put(con, "orders", MONDAY, 90)
    put(con, "orders", MONDAY, 2, status="quarantined", reason="status is unknown")
    chosen = "customer_id is an excluded customer"
    put(con, "orders", MONDAY, 8, status="quarantined", reason=chosen)
    assert found(con, rules.quarantined(0.02), "staging.stg_order_rows") == []
    ((of, rows, examples, remedy, _),) = found(
        con, rules.quarantined(0.019), "staging.stg_order_rows"
    )
    assert (of, rows) == ("all files", "2 of 100 rows (2.0 %)")
    assert examples == "o.csv line 1: status is unknown; o.csv line 1: status is unknown"
    assert remedy == "say what its states mean: `status_map:`"


class Files:
    """Files of the orders export as runs read them."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self.runs = 0

    def run(self, *files: tuple[str, str, dict[str, str]]) -> list[tuple]:
        """One run over (name, delivery date, columns with types), and the drift it finds."""
        self.runs += 1
        loaded_at = f"2024-04-{self.runs:02} 04:00:00"
        for name, delivered_at, columns in files:
            self.con.execute("delete from ledger.files where file = ?", [name])
            self.con.execute(
                "insert into ledger.files (export, file, delivered_at, columns, loaded_at)"
                " values ('orders', ?, ?, ?, ?)",
                [name, delivered_at, json.dumps(columns), loaded_at],
            )
        rules.note_columns(self.con, f"run {self.runs}")
        return found(self.con, rules.drift("orders", f"run {self.runs}"), "ledger.file_columns")


TEXT = {"no": "VARCHAR", "it's": "VARCHAR"}


def test_drift_of_columns(con: duckdb.DuckDBPyConnection) -> None:
    files = Files(con)
    assert files.run(("o_1.csv", "2024-03-01", TEXT), ("o_2.csv", "2024-03-02", TEXT)) == []
    assert files.run(("o_3.csv", "2024-03-03", {"no": "VARCHAR", "new": "VARCHAR"})) == [
        ("o_3.csv", "missing column it's", "o_2.csv"),
        ("o_3.csv", "new column new", "o_2.csv"),
    ]
    assert files.run() == []  # told once
    typed = {"no": "BIGINT", "new": "VARCHAR"}
    assert files.run(("o_4.parquet", "2024-03-04", typed)) == [
        ("o_4.parquet", "column no now BIGINT, was VARCHAR", "o_3.csv")
    ]
    assert con.execute("select count(*) from ledger.file_columns").fetchall() == [(4,)]


def test_a_file_that_is_overwritten_is_compared_with_what_it_was(
    con: duckdb.DuckDBPyConnection,
) -> None:
    files = Files(con)
    assert files.run(("orders.csv", "2024-03-01", TEXT)) == []
    assert files.run(("orders.csv", "2024-03-01", TEXT)) == []
    assert files.run(("orders.csv", "2024-03-01", {"no": "VARCHAR"})) == [
        ("orders.csv", "missing column it's", "orders.csv")
    ]


def test_files_of_two_kinds_are_compared_with_their_own_kind(
    con: duckdb.DuckDBPyConnection,
) -> None:
    files, shop, web = Files(con), TEXT, {"no": "VARCHAR"}
    first = files.run(("shop-01.csv", "2024-03-01", shop), ("web-01.csv", "2024-03-01", web))
    assert first == [("web-01.csv", "missing column it's", "shop-01.csv")]
    assert files.run(("shop-02.csv", "2024-03-02", shop), ("web-02.csv", "2024-03-02", web)) == []
    # one that comes late is compared with what was delivered before it
    assert files.run(("web-00.csv", "2024-02-01", TEXT | {"x": "DATE"})) == []


def test_the_ledger_may_be_read_twice_for_one_run(con: duckdb.DuckDBPyConnection) -> None:
    files = Files(con)
    files.run(("orders.csv", "2024-03-01", TEXT))
    rules.note_columns(con, "run 1")
    assert con.execute("select count(*) from ledger.file_columns").fetchall() == [(1,)]


def test_every_threshold_of_the_rules_is_a_setting() -> None:
    thresholds = {
        "max_rejected_share",
        "max_quarantined_share",
        "max_unknown_customers_share",
        "max_days_without_rows",
        "volume_weeks",
        "volume_min_rows",
        "volume_warning_factor",
        "volume_critical_factor",
    }
    assert thresholds <= set(Settings.model_fields)
    assert thresholds <= set(DEFAULTS)
