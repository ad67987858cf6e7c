"""The suite runner on a table small enough to count its faults by eye.

GX is imported once for the whole file; nothing here stands in for DuckDB or GX.
"""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from dagster_project.quality.gx.outcomes import Outcome, SuiteResult
from dagster_project.quality.gx.runner import GateError, load_gx, run_suites

gxe = load_gx()
from great_expectations.expectations.row_conditions import Column  # noqa: E402  # needs load_gx

ORDERS = [
    # order_id, line, email, status, amount
    (1, 1, "ann@shop.example", "placed", "10.00"),
    (2, 1, "bob@shop.example", "completed", "20.00"),
    (2, 2, "bob@shop.example", "completed", "-7.50"),  # id twice, amount below zero
    (3, 1, None, "refunded", "-5.00"),  # no email, amount below zero
    (4, 1, "broken", "lost", "30.00"),  # no @, unknown status
    (4, 1, "dan@shop.example", "placed", None),  # id twice, and with its line
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("a folder with spaces") / "${HOME} 50%?.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw; create schema marts")
        connection.execute(
            "create table raw.orders (order_id integer, line integer, email varchar,"
            " status varchar, amount decimal(18, 2))"
        )
        connection.executemany("insert into raw.orders values (?, ?, ?, ?, ?)", ORDERS)
        # the same name in another schema, to show that each suite reads its own
        connection.execute("create table marts.orders as select 1 as order_id")
    return path


def judge(database: Path, *expectations, **options) -> tuple[Outcome, ...]:  # type: ignore[no-untyped-def]
    (result,) = run_suites(database, {("raw", "orders"): expectations}, **options)
    return result.outcomes


COMPLETED = Column("status") == "completed"
ALL_COLUMNS = {"order_id", "line", "email", "status", "amount"}
STATUSES = ["placed", "completed", "refunded"]
ORPHANS = "select order_id, line from {batch} batch anti join marts.orders other using (order_id)"
NEGATIVE_UNREFUNDED = "select * from {batch} where amount < 0 and status <> 'refunded'"

# one row per rule: what to expect, the column, unexpected rows, what is observed
BROKEN = [
    (gxe.ExpectColumnValuesToBeUnique(column="order_id"), "order_id", 4, "4 of 6 rows: 2, 4"),
    (gxe.ExpectColumnValuesToNotBeNull(column="email"), "email", 1, "1 of 6 rows"),
    (
        gxe.ExpectColumnValuesToBeInSet(column="status", value_set=STATUSES),
        "status",
        1,
        "1 of 6 rows: 'lost'",
    ),
    (
        gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0),
        "amount",
        2,
        "2 of 6 rows: -7.50, -5.00",
    ),
    (
        gxe.ExpectColumnValuesToMatchRegex(column="email", regex="@"),
        "email",
        1,
        "1 of 6 rows: 'broken'",
    ),
    (
        gxe.ExpectColumnValuesToNotMatchRegex(column="email", regex="^b"),
        "email",
        3,
        "3 of 6 rows: 'bob@shop.example', 'broken'",
    ),
    (
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["order_id", "line"]),
        "order_id, line",
        2,
        "2 of 6 rows: (order_id=4, line=1)",
    ),
    (
        gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=0, row_condition=COMPLETED),
        "amount",
        1,
        "1 of 2 rows: -7.50",
    ),
    (
        gxe.ExpectColumnValuesToMatchRegex(column="email", regex="@", mostly=0.9),
        "email",
        1,
        "1 of 6 rows: 'broken'",
    ),
    (
        gxe.UnexpectedRowsExpectation(unexpected_rows_query=ORPHANS),
        None,
        5,
        "5 unexpected rows: order id 2, line 1; order id 2, line 2; order id 3, line 1;"
        " order id 4, line 1; order id 4, line 1",
    ),
    (
        gxe.UnexpectedRowsExpectation(unexpected_rows_query=NEGATIVE_UNREFUNDED),
        None,
        1,
        "order id 2, line 2, email bob@shop.example, status completed, amount -7.50",
    ),
    (gxe.ExpectTableRowCountToBeBetween(min_value=7), None, None, "6"),
    (
        gxe.ExpectTableColumnsToMatchSet(column_set=["order_id", "line", "email", "currency"]),
        None,
        None,
        "unexpected ('amount', 'status'); missing ('currency')",
    ),
]

SOUND = [
    gxe.ExpectColumnValuesToBeUnique(column="order_id", row_condition=Column("line") == 2),
    gxe.ExpectColumnValuesToNotBeNull(column="order_id"),
    gxe.ExpectColumnValuesToBeInSet(column="status", value_set=[*STATUSES, "lost"]),
    gxe.ExpectColumnValuesToBeBetween(column="amount", min_value=-7.5, max_value=30),
    gxe.ExpectColumnValuesToMatchRegex(column="email", regex="@|broken"),
    gxe.ExpectColumnValuesToNotMatchRegex(column="email", regex="^z"),
    gxe.ExpectCompoundColumnsToBeUnique(column_list=["order_id", "line", "email"]),
    gxe.ExpectColumnValuesToBeBetween(
        column="amount", min_value=20, row_condition=COMPLETED & (Column("line") == 1)
    ),
    gxe.UnexpectedRowsExpectation(unexpected_rows_query="select * from {batch} where line > 2"),
    gxe.ExpectTableRowCountToBeBetween(min_value=6, max_value=6),
    gxe.ExpectTableColumnsToMatchSet(column_set=sorted(ALL_COLUMNS)),
]


@pytest.fixture(scope="module")
def broken(database: Path) -> tuple[Outcome, ...]:
    return judge(database, *(expectation for expectation, *_ in BROKEN))


@pytest.mark.parametrize("position", range(len(BROKEN)))
def test_a_broken_rule_is_found_and_counted(broken: tuple[Outcome, ...], position: int) -> None:
    expectation, column, unexpected, observed = BROKEN[position]
    outcome = broken[position]
    assert outcome.expectation == expectation.expectation_type
    assert not outcome.passed
    assert outcome.column == column
    assert outcome.unexpected_count == unexpected
    assert _unordered(outcome.observed) == _unordered(observed)


def _unordered(observed: str) -> list[str]:
    """The words of an observation: SQL promises no order among the examples."""
    return sorted(observed.replace(",", " ").split())


def test_a_rule_that_holds_passes_with_nothing_unexpected(database: Path) -> None:
    outcomes = judge(database, *SOUND)
    assert [o.expectation for o in outcomes if not o.passed] == []
    assert {o.unexpected_count for o in outcomes} == {0, None}


def test_the_rules_run_as_sql_inside_duckdb(database: Path) -> None:
    statements: list[str] = []

    def note(connection, cursor, statement, *_) -> None:  # type: ignore[no-untyped-def]
        statements.append(" ".join(statement.split()))

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        judge(database, *SOUND)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    on_data = [s for s in statements if "raw.orders" in s and "pg_" not in s]
    for form in ("REGEXP_MATCHES", "NOT IN", "OVER (PARTITION BY", "GROUP BY", "line > 2"):
        assert any(form in s for s in on_data), form
    # what leaves DuckDB is counts, or at most the few rows that break a rule
    few = ("count(", "sum(", "LIMIT", "line > 2")
    assert [s for s in on_data if not any(word in s for word in few)] == []
    # all rules that only count share one scan
    assert max(s.lower().count("sum(case") for s in on_data) >= 4


def test_mostly_forgives_and_still_counts(database: Path) -> None:
    (outcome,) = judge(
        database, gxe.ExpectColumnValuesToMatchRegex(column="email", regex="@", mostly=0.8)
    )
    assert outcome.passed
    assert outcome.unexpected_count == 1  # of five that are there


def test_an_empty_table_breaks_no_rule_on_rows(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table nobody (customer_id integer)")
    rules = [
        gxe.ExpectColumnValuesToBeUnique(column="customer_id"),
        gxe.ExpectColumnValuesToNotBeNull(column="customer_id", mostly=0.9),
        gxe.ExpectColumnValuesToBeInSet(column="customer_id", value_set=[1], mostly=0.9),
        gxe.ExpectTableRowCountToBeBetween(min_value=1),
    ]
    (result,) = run_suites(path, {("main", "nobody"): rules})
    assert [o.passed for o in result.outcomes] == [True, True, True, False]
    assert [o.observed for o in result.outcomes][::3] == ["0 of 0 rows", "0"]
    assert result.outcomes[2].observed == "no rows"


def test_only_critical_failures_stop(database: Path) -> None:
    suite = [
        gxe.ExpectTableRowCountToEqual(value=0, severity="info", notes=["two", "notes"]),
        gxe.ExpectTableRowCountToEqual(value=1, severity="warning", description="Too few."),
        gxe.ExpectTableRowCountToEqual(value=6, severity="critical"),
    ]
    told, stopped = run_suites(
        database,
        {
            ("raw", "orders"): suite,
            ("marts", "orders"): suite,
        },
    )
    assert told.passed
    assert told.failed == ()
    assert [(o.severity, o.description) for o in told.warnings] == [
        ("info", "two notes"),
        ("warning", "Too few."),
    ]
    assert not stopped.passed
    assert [(o.severity, o.observed) for o in stopped.failed] == [("critical", "1")]
    assert [o.severity for o in stopped.warnings] == ["info"]


def test_masked_columns_show_no_value(database: Path) -> None:
    email_rules = [
        gxe.ExpectColumnValuesToMatchRegex(column="email", regex="nothing like it"),
        gxe.ExpectColumnValuesToBeUnique(column="email"),
        gxe.ExpectColumnMostCommonValueToBeInSet(column="email", value_set=["x"]),
        gxe.ExpectColumnDistinctValuesToBeInSet(column="email", value_set=["x"]),
        gxe.ExpectColumnPairValuesToBeEqual(column_A="status", column_B="email"),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["order_id", "email"]),
        gxe.UnexpectedRowsExpectation(unexpected_rows_query="select email from {batch}"),
    ]
    outcomes = judge(database, *email_rules, BROKEN[0][0], mask_columns=frozenset({"EMAIL"}))
    text = json.dumps([o.observed for o in outcomes])
    assert "shop.example" not in text
    assert "broken" not in text
    assert [o.unexpected_count for o in outcomes] == [5, 2, None, None, 6, 2, 6, 4]
    assert outcomes[-1].observed.startswith("4 of 6 rows: ")  # the others still show theirs


def test_what_was_found_is_told_without_rows_and_advice(database: Path) -> None:
    night = """
        select 'a.csv' as "of", 'the largest amount is 9' as seen, 'at most 4' as expected,
            'line 7, order_id 8' as examples, 'correct it' as remedy, 'accept' as to_let_it_through
        from {batch}
        limit 1
    """
    outcomes = judge(
        database,
        gxe.UnexpectedRowsExpectation(unexpected_rows_query=night),
        gxe.ExpectColumnValuesToMatchRegex(column="email", regex="nothing like it"),
        gxe.ExpectColumnMostCommonValueToBeInSet(column="email", value_set=["x"]),
        mask_columns=frozenset({"email"}),
    )
    assert [outcome.found for outcome in outcomes] == [
        "of a.csv, seen the largest amount is 9, expected at most 4",
        "5 of 6 rows",
        "",
    ]
    assert "line 7" in outcomes[0].observed


def test_results_are_json(broken: tuple[Outcome, ...]) -> None:
    result = SuiteResult("raw", "orders", broken)
    restored = json.loads(json.dumps(result.to_dict()))
    assert restored == result.to_dict()
    assert restored["passed"] is False
    assert Outcome(**restored["outcomes"][0]) == broken[0]


@pytest.mark.parametrize(
    ("expectation", "message"),
    [
        (gxe.ExpectColumnValuesToNotBeNull(column="nope"), "nope"),
        (
            gxe.UnexpectedRowsExpectation(unexpected_rows_query="select nope from {batch}"),
            '"nope" not found',
        ),
        (
            # fails while reading, which aborts DuckDB's transaction
            gxe.UnexpectedRowsExpectation(
                unexpected_rows_query="select * from {batch} where cast(status as integer) = 1"
            ),
            "Could not convert string",
        ),
        (gxe.ExpectColumnValuesToBeBetween(column="status", min_value=0), "type VARCHAR"),
    ],
)
def test_a_rule_that_cannot_run_is_a_gate_error(database, expectation, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(GateError) as caught:
        judge(database, gxe.ExpectTableRowCountToBeBetween(min_value=1), expectation, *SOUND)
    text = str(caught.value)
    assert text.startswith(f"raw.orders: {expectation.expectation_type}")
    assert message in text
    assert text.count("could not run") == 1  # the error stays with the rule that caused it


def test_what_cannot_be_opened_is_a_gate_error(database: Path, tmp_path: Path) -> None:
    rule = [gxe.ExpectTableRowCountToBeBetween(min_value=1)]
    with pytest.raises(GateError, match=r"raw\.nope.*does not exist"):
        run_suites(database, {("raw", "nope"): rule})
    with pytest.raises(GateError, match=r"nope\.orders.*schema \"nope\" does not exist"):
        run_suites(database, {("nope", "orders"): rule})
    with pytest.raises(GateError, match="no DuckDB file"):
        run_suites(tmp_path / "none.duckdb", {("raw", "orders"): rule}, read_only=False)
    assert not (tmp_path / "none.duckdb").exists()
    (tmp_path / "text.duckdb").write_text(
        "not a database, though long enough to look at" * 99, encoding="utf-8"
    )
    with pytest.raises(GateError, match="not a valid DuckDB database file"):
        run_suites(tmp_path / "text.duckdb", {("raw", "orders"): rule})


def test_an_empty_suite_is_refused(database: Path) -> None:
    with pytest.raises(ValueError, match=r"raw\.orders has no expectations"):
        run_suites(database, {("raw", "orders"): []})


def test_the_file_can_be_written_afterwards(database: Path) -> None:
    """DuckDB allows one mode per file and process, so a connection left open would be told."""
    for rule in (SOUND[0], gxe.ExpectColumnValuesToNotBeNull(column="nope")):
        with contextlib.suppress(GateError):
            judge(database, rule)
        with duckdb.connect(str(database)) as connection:
            connection.execute("create or replace table marts.written as select 1")


def test_another_connection_of_this_process_is_a_gate_error(database: Path) -> None:
    rule = gxe.ExpectTableRowCountToBeBetween(min_value=1)
    with duckdb.connect(str(database)):
        for read_only in (True, False):
            with pytest.raises(GateError, match="different configuration"):
                judge(database, rule, read_only=read_only)
    assert judge(database, rule, read_only=False)[0].passed


def test_nothing_calls_home(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []

    def refuse(*args: object, **_: object) -> None:
        calls.append(args)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    judge(database, *SOUND)
    assert calls == []


def test_nothing_is_printed(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    judge(database, *SOUND)
    assert capfd.readouterr() == ("", "")


def test_importing_the_runner_does_not_import_gx() -> None:
    code = (
        "import sys, dagster_project.quality.gx.runner; print('great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
