"""Published cells that change on a later run are told with their cause; a normal night tells none.

To 31 March 2024: A orders on 10 January (100) and 12 February (50), B on 20 January (80), C on
5 February (30). A device visits on 3 January; nobody knows yet whose it is.
1  published as of 31 March.
2  a normal night: A buys on 1 April, logs in on the device of 3 January, and gets 20 of the
   January order back. Sessions of January move to A, and its revenue falls: all of it was learned
   on 1 April.
3  late rows and more: an order of B on 15 February (7), C's 10 back as of 20 February, and D, who
   bought on 25 January (40), turns out to be A.
4  weeks begin on Sunday: what differs, differs by definition.
"""

import datetime as dt
from decimal import Decimal

import duckdb
import pytest

from ...support.line import Line

JANUARY, FEBRUARY = dt.date(2024, 1, 1), dt.date(2024, 2, 1)
CONFIG = {
    "exports": {
        "orders": {
            "files": "orders_*.csv",
            "columns": {
                "order_id": "no",
                "customer_id": "who",
                "ordered_at": "at",
                "amount": "sum",
            },
        },
        "refunds": {
            "files": "refunds_*.csv",
            "columns": {"refund_id": "id", "order_id": "no", "refunded_at": "at", "amount": "sum"},
        },
        "sessions": {
            "files": "sessions_*.csv",
            "columns": {
                "session_id": "sid",
                "customer_id": "who",
                "anonymous_id": "device",
                "started_at": "at",
            },
        },
        "customers": {
            "files": "customers_*.csv",
            "columns": {"customer_id": "who", "merged_into": "into"},
        },
    },
    "settings": {"retention_days": 3, "retention_weeks": 3},
}
FIRST = {
    "orders_2024-04-01.csv": (
        "no,who,at,sum\n1,A,2024-01-10,100\n2,A,2024-02-12,50\n3,B,2024-01-20,80\n"
        "4,C,2024-02-05,30\n5,D,2024-01-25,40\n"
    ),
    "refunds_2024-04-01.csv": "id,no,at,sum\n",
    "sessions_2024-04-01.csv": (
        "sid,who,device,at\ns1,,d1,2024-01-03\ns2,B,,2024-02-03\ns3,B,,2024-03-31\n"
    ),
    "customers_2024-04-01.csv": "who,into\nA,\n",
}
NIGHT = {
    "orders_2024-04-02.csv": "no,who,at,sum\n6,A,2024-04-01,10\n",
    "refunds_2024-04-02.csv": "id,no,at,sum\nr1,1,2024-04-01,20\n",
    "sessions_2024-04-02.csv": "sid,who,device,at\ns4,A,d1,2024-04-01\n",
}
LATE = {
    "orders_2024-04-03.csv": "no,who,at,sum\n7,B,2024-02-15,7\n",
    "refunds_2024-04-03.csv": "id,no,at,sum\nr2,4,2024-02-20,10\n",
    "customers_2024-04-03.csv": "who,into\nD,A\n",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    """The restatements in the marts after each of the four runs."""
    line = Line(tmp_path_factory.mktemp("restatements"))
    found = {}
    for name, files, settings in [
        ("first", FIRST, {}),
        ("night", NIGHT, {}),
        ("late", LATE, {}),
        ("sundays", {}, {"week_starts_on": "sunday"}),
    ]:
        line.deliver(CONFIG | {"settings": CONFIG["settings"] | settings}, files)
        line.run()
        line.publish()
        with duckdb.connect(str(line.warehouse.marts_file), read_only=True) as con:
            found[name] = con.execute(
                "select run_id, study, period, cohort_start, period_number, old_cohort_size,"
                " new_cohort_size, old_retained_customers, new_retained_customers, old_revenue,"
                " new_revenue, cause from marts.restatements order by all"
            ).fetchall()
            found[f"{name} log"] = con.execute(
                "select run_id, published, as_of_date from marts.metric_run_log order by all"
            ).fetchall()
    return found


def test_the_first_publication_and_a_normal_night_restate_nothing(runs: dict) -> None:
    assert runs["first"] == []
    assert runs["night"] == []


def test_late_rows_refunds_and_merges_say_what_they_changed(runs: dict) -> None:
    """A and D are one now; B came back in February; the refund of C was on 20 February."""
    months = {
        (cohort, number): row
        for _, study, period, cohort, number, *row in runs["late"]
        if study == "order_to_order" and period == "month"
    }
    assert months == {
        # A, B, D became A, B. Revenue of January: 200 + the merged 40, of which 20 came back.
        (JANUARY, 0): [3, 2, 3, 2, Decimal(200), Decimal(200), "late rows, merge"],
        (JANUARY, 1): [3, 2, 1, 2, Decimal(50), Decimal(57), "late rows, merge"],
        (JANUARY, 2): [3, 2, 0, 0, Decimal(0), Decimal(0), "late rows, merge"],
        (FEBRUARY, 0): [1, 1, 1, 1, Decimal(30), Decimal(20), "refund"],
    }
    assert {run for run, *_ in runs["late"]} == {"run 3"}


def test_what_the_settings_change_is_a_definition(runs: dict) -> None:
    """Restatements of earlier runs stay; the new ones touch weeks only, and say so."""
    new = [row for row in runs["sundays"] if row not in runs["late"]]
    assert [row for row in runs["sundays"] if row in runs["late"]] == runs["late"]
    assert new
    assert {(run, period, row[-1]) for run, _, period, *row in new} == {
        ("run 4", "week", "definition")
    }


def test_the_log_tells_of_every_run(runs: dict) -> None:
    assert runs["sundays log"] == [
        ("run 1", True, dt.date(2024, 3, 31)),
        ("run 2", True, dt.date(2024, 4, 1)),
        ("run 3", True, dt.date(2024, 4, 1)),
        ("run 4", True, dt.date(2024, 4, 1)),
    ]
