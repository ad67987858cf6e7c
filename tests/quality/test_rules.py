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

from ..support.shops import DATA_SETS

DEFAULTS = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())["vars"]
MONDAY = dt.date(2024, 3, 25)
ONLINE_RETAIL = DATA_SETS / "online_retail/online_retail_2010_2011_*.parquet"


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


def deliver(con: duckdb.DuckDBPyConnection, name: str, day: dt.date) -> None:
    con.execute(
        "insert into ledger.files (export, file, delivered_at) values (?, 'x', ?)", [name, day]
    )


def weeks_of(con: duckdb.DuckDBPyConnection, name: str, newest: int, weeks: int = 8) -> None:
    """100 rows on every Monday, 1 on every other day, and so many on the newest Monday."""
    for back in range(1, 7 * weeks + 1):
        day = MONDAY - dt.timedelta(days=back)
        put(con, name, day, 100 if day.weekday() == 0 else 1)
    put(con, name, MONDAY, newest)
    deliver(con, name, MONDAY + dt.timedelta(days=1))


def volume(con: duckdb.DuckDBPyConnection, name: str = "orders", **given: Any) -> tuple[list, list]:
    """What the critical and the warning rule find."""
    variables = DEFAULTS | {"as_of_date": MONDAY} | given
    critical, warning = (
        rules.unusual_volume(
            name, variables, variables[f"volume_{severity}_factor"], closed_days=closed_days
        )
        for severity, closed_days in (("critical", False), ("warning", True))
    )
    table = staged(name)
    return found(con, critical, table), found(con, warning, table)


@pytest.mark.parametrize("name", rules.DAILY)
@pytest.mark.parametrize(
    ("newest", "is_critical", "is_warned"),
    [
        (100, False, False),
        (34, False, False),
        (33, False, True),
        (10, False, True),
        (9, True, True),
        (0, False, True),  # a holiday, or not delivered: nobody can tell
        (300, False, False),
        (301, False, True),
        (1001, True, True),
    ],
)
def test_volume_against_the_same_weekday(
    con: duckdb.DuckDBPyConnection, name: str, newest: int, is_critical: bool, is_warned: bool
) -> None:
    weeks_of(con, name, newest)
    row = [(MONDAY, newest, 100.0)]
    assert volume(con, name) == (row if is_critical else [], row if is_warned else [])


def test_volume_is_quiet_without_enough_history_or_rows(con: duckdb.DuckDBPyConnection) -> None:
    weeks_of(con, "orders", newest=1, weeks=3)
    assert volume(con) == ([], [])
    weeks_of(con, "sessions", newest=1, weeks=4)
    assert len(volume(con, "sessions")[0]) == 1
    assert volume(con, "sessions", volume_min_rows=101) == ([], [])
    assert volume(con, "sessions", volume_weeks=9) == ([], [])
    assert volume(con, "events") == ([], [])  # no row at all


def test_weeks_without_rows_belong_to_the_history(con: duckdb.DuckDBPyConnection) -> None:
    """A weekday on which the shop is mostly closed is usual at none."""
    weeks_of(con, "orders", newest=90)
    con.execute("delete from staging.stg_order_rows where order_date > date '2024-02-07'")
    put(con, "orders", MONDAY, 90)
    assert volume(con) == ([], [])


def test_a_day_is_judged_once_it_is_complete(con: duckdb.DuckDBPyConnection) -> None:
    weeks_of(con, "orders", newest=100)
    tuesday = MONDAY + dt.timedelta(days=1)
    for back in range(1, 9):
        put(con, "orders", tuesday - dt.timedelta(weeks=back), 99)
    put(con, "orders", tuesday, 2)  # what had happened when Tuesday's file was written
    assert volume(con, as_of_date="") == ([], [])
    deliver(con, "orders", tuesday + dt.timedelta(days=1))
    assert volume(con, as_of_date="") == ([(tuesday, 2, 99.0)],) * 2
    assert volume(con, as_of_date="", last_day_is_partial=True) == ([], [])
    # without a day given, the newest of all exports is the day to be judged
    put(con, "events", tuesday + dt.timedelta(days=1), 1)
    deliver(con, "orders", tuesday + dt.timedelta(days=2))
    assert volume(con, as_of_date="") == ([], [])
    # and a day that lay ahead when it was delivered is none
    con.execute("update staging.stg_event_rows set _delivered_at = event_date - 1")
    assert volume(con, as_of_date="") == ([(tuesday, 2, 99.0)],) * 2


def test_only_used_rows_count_and_lines_of_an_order_once(con: duckdb.DuckDBPyConnection) -> None:
    weeks_of(con, "orders", newest=9)
    for status in ("duplicate", "superseded", "quarantined"):
        put(con, "orders", MONDAY, 100, status=status)
    put(con, "orders", MONDAY, 9)  # second lines of the same orders
    assert volume(con)[0] == [(MONDAY, 9, 100.0)]


def test_no_day_of_a_real_shop_is_critical(con: duckdb.DuckDBPyConnection) -> None:
    """Two years' Saturdays, Easter, Christmas: on every day as if it were the newest."""
    con.execute(
        "insert into staging.stg_order_rows (order_id, order_date, row_status, quarantine_reason)"
        " select distinct InvoiceNo, InvoiceDate::date, 'used', null"
        f" from '{ONLINE_RETAIL}'"
    )
    deliver(con, "orders", dt.date(2012, 1, 1))
    warned = []
    for day in range(373):
        as_of = dt.date(2010, 12, 2) + dt.timedelta(days=day)
        variables = DEFAULTS | {"as_of_date": as_of}
        rule = rules.unusual_volume("orders", variables, 3, closed_days=True)
        warned += found(con, rule, staged("orders"))
    # bank holidays and the days around the New Year; none is critical, which asks for some orders
    assert {orders for _, orders, _ in warned} == {0}
    assert len(warned) == 12


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
    assert let_through.startswith("`settings: {max_rejected_share: 0.01}`")
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
