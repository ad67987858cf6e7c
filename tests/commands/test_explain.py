"""`retention explain`: the customers behind published figures, on shops that are worked by hand.

Who bought what stands in `tests/marts/test_dozen_customers.py` and in
`tests/marts/value/test_refund_export.py`; what is counted here is counted from there by hand.
"""

import hashlib
import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.commands.cli import BROKEN, GREEN, USER_ERROR, main
from dagster_project.commands.explain import churn, retention, revenue
from dagster_project.commands.explain.sources import Explained

from ..marts import test_dozen_customers as dozen
from ..marts.value import test_refund_export as refunds
from ..support.line import build_shop
from ..support.shops import Shop

Capture = pytest.CaptureFixture[str]
MARTS = ("cohort_retention", "monthly_churn", "cohort_value")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The dozen, with a study in spans of 30 days beside the shipped ones."""
    folder = tmp_path_factory.mktemp("explained")
    for name, text in {
        "orders_2024-03-15.csv": dozen.ORDERS_MARCH,
        "orders_2024-05-01.csv": dozen.ORDERS_MAY,
        "sessions_2024-05-01.tsv": dozen.SESSIONS,
        "events_2024-05-01.jsonl": dozen.EVENTS,
        "customers_2024-05-01.csv": dozen.CUSTOMERS,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    studies = [{"name": "spans", "start": "order", "return": "order", "bucket": "elapsed"}]
    config = {"settings": dozen.SETTINGS, "exports": dozen.EXPORTS, "studies": studies}
    return build_shop(folder, config, *MARTS)


@pytest.fixture(scope="module")
def refunding(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("refunding")
    for name, text in {
        "orders_2024-05-01.csv": refunds.ORDERS,
        "refunds_2024-03-10.csv": refunds.REFUNDS_MARCH,
        "refunds_2024-05-01.csv": refunds.REFUNDS_MAY,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return build_shop(folder, refunds.CONFIG, *MARTS)


@pytest.fixture
def copy(shop: Shop, tmp_path: Path) -> Path:
    """A warehouse that a test may change."""
    shutil.copytree(shop.warehouse.folder, tmp_path / "warehouse")
    return tmp_path / "warehouse"


def mask(customer: str) -> str:
    return hashlib.sha256(customer.encode()).hexdigest()[:12]


def who(explained: Explained, *columns: str) -> list[tuple]:
    """The rows, customers by their names again, dates as text."""
    names = {mask(name): name for name in "ABCDEFGHIJKL"}
    places = [explained.columns.index(column) for column in columns]
    return [(names[row[0]], *(_plain(row[place]) for place in places)) for row in explained.rows]


def _plain(value: object) -> object:
    return value if isinstance(value, bool | int | type(None)) else str(value)


def held(explained: Explained) -> dict[str, object]:
    """The figures, which are those that are published."""
    assert all(figure.adds_up for figure in explained.figures)
    return {figure.name: figure.of_rows for figure in explained.figures}


def test_a_cell_of_retention(shop: Shop) -> None:
    cell = retention.explain_cell(shop.warehouse, "order_to_order", "2024-01", 1, "month", "all")
    assert who(cell, "started_on", "counts", "days_active", "first_day", "last_day", "revenue") == [
        ("A", "2024-01-10", True, 2, "2024-02-15", "2024-02-20", "80.0000"),
        ("G", "2024-01-05", False, 0, None, None, "0.0000"),
        ("H", "2024-01-20", False, 0, None, None, "0.0000"),
        ("B", "2024-01-31", False, 0, None, None, "0.0000"),
    ]
    assert held(cell) == {"cohort_size": 4, "retained_customers": 1, "revenue": 80}


def test_in_its_first_period_everybody_counts(shop: Shop) -> None:
    cell = retention.explain_cell(shop.warehouse, "order_to_order", "2024-02-29", 0, "month", "all")
    assert who(cell, "counts", "revenue") == [
        ("F", True, "0.0000"),
        ("D", True, "0.0000"),
        ("E", True, "25.0000"),
    ]
    assert held(cell) == {"cohort_size": 3, "retained_customers": 3, "revenue": 25}


def test_a_segment_and_a_week(shop: Shop) -> None:
    britons = retention.explain_cell(
        shop.warehouse, "order_to_order", "2024-01", 1, "month", "country=GB"
    )
    assert who(britons, "counts") == [("A", True), ("B", False)]
    # 10 January 2024 is in the week of the 8th, 15 February in the fifth week after it
    week = retention.explain_cell(shop.warehouse, "order_to_order", "2024-01-10", 5, "week", "all")
    assert who(week, "counts", "revenue") == [("A", True, "50.0000")]
    assert held(week) == {"cohort_size": 1, "retained_customers": 1, "revenue": 50}


def test_spans_are_counted_from_each_ones_own_start(shop: Shop) -> None:
    # A comes back 36 and 41 days after the first order; what B gives back is of the first day
    first, second = (
        retention.explain_cell(shop.warehouse, "spans", "2024-01", number, "month", "all")
        for number in (0, 1)
    )
    assert who(second, "counts", "revenue")[0] == ("A", True, "80.0000")
    assert held(second) == {"cohort_size": 4, "retained_customers": 1, "revenue": 80}
    assert held(first)["revenue"] == 100 + dozen.EUROS + 75 + (40 - 15)


def test_a_churned_month(shop: Shop) -> None:
    march = churn.explain_month(shop.warehouse, "2024-03", "order")
    assert who(march, "movement", "moved_on", "seen_before", "days_of_silence") == [
        ("B", "churned", "2024-03-01", "2024-01-31", 30),
        ("F", "churned", "2024-03-02", "2024-02-01", 30),
        ("D", "churned", "2024-03-08", "2024-02-07", 30),
        ("E", "churned", "2024-03-09", "2024-02-08", 30),
        ("A", "churned", "2024-03-21", "2024-02-20", 30),
    ]
    assert list(held(march).values()) == [5, 0, 0, 5, 0]
    february = churn.explain_month(shop.warehouse, "2024-02", "order")
    assert who(february, "movement", "seen_before")[3:] == [
        ("A", "reactivated", "2024-01-10"),
        ("F", "new", None),
        ("D", "new", None),
        ("E", "new", None),
    ]
    assert list(held(february).values()) == [4, 3, 1, 3, 5]


def test_revenue_of_a_month_in_both_views(shop: Shop) -> None:
    cash = revenue.explain_month(shop.warehouse, "2024-02", "cash")
    assert who(cash, "kind", "happened_on", "amount", "file", "line") == [
        ("F", "order", "2024-02-01", "80.0000", "orders_2024-03-15.csv", 11),
        ("F", "refund, status", "2024-02-01", "-80.0000", "orders_2024-03-15.csv", 11),
        ("D", "order", "2024-02-07", "0.0000", "orders_2024-03-15.csv", 8),
        ("E", "order", "2024-02-08", "25.0000", "orders_2024-03-15.csv", 9),
        ("B", "refund, negative order", "2024-02-10", "-15.0000", "orders_2024-03-15.csv", 6),
        ("A", "order", "2024-02-15", "50.0000", "orders_2024-03-15.csv", 3),
        ("A", "order", "2024-02-20", "30.0000", "orders_2024-05-01.csv", 2),
    ]
    assert held(cash) == {"revenue_cash": 90}
    # the cohort view has what B gave back in January, where it was bought
    cohort = revenue.explain_month(shop.warehouse, "2024-02", "cohort")
    assert "B" not in [row[0] for row in who(cohort)]
    assert held(cohort) == {"revenue": 105}


def test_what_is_in_no_cohort_is_told_beside(shop: Shop) -> None:
    january = revenue.explain_month(shop.warehouse, "2024-01", "cash")
    assert held(january) == {"revenue_cash": 100 + 40 + dozen.EUROS + 75}
    assert january.notes[1:] == [
        "in no cohort, and so not in it: refunds to nobody who has ordered: 1, -5.00"
    ]
    march = revenue.explain_month(shop.warehouse, "2024-03", "cash")
    assert (march.rows, held(march)) == ([], {"revenue_cash": 0})
    assert march.notes[1:] == [
        "in no cohort, and so not in it: orders without a customer: 1, 60.00"
    ]


def test_refunds_of_an_export_of_their_own(refunding: Shop) -> None:
    def explained(month: str, view: str) -> object:
        (figure,) = held(revenue.explain_month(refunding.warehouse, month, view)).values()
        return figure

    assert explained("2024-01", "cash") == 100 + 80 - 5
    assert explained("2024-02", "cash") == 50 + 40 - 40 - 30 - 10 - 5
    assert explained("2024-03", "cash") == -30
    # off 101: 30 and 5; off 103: 30; off 102: 10 and 5; off 104 all of it
    assert explained("2024-01", "cohort") == 100 - 35 + 80 - 30
    assert explained("2024-02", "cohort") == 50 - 15 + 40 - 40


def test_what_is_printed_has_masks_and_the_published_figure(shop: Shop, capsys: Capture) -> None:
    given = ["explain", "churn", "2024-03", "--warehouse", str(shop.warehouse.folder)]
    assert main([*given, "--limit", "2"]) == GREEN
    said = capsys.readouterr().out.splitlines()
    assert said[3].split() == [mask("B"), "churned", "2024-03-01", "2024-01-31", "30"]
    assert said[5] == "... and 3 more; --limit 0 shows all"
    assert "- churned" in said[11]
    assert said[11].split()[2:] == ["5", "5"]
    assert said[-1] == "the rows add up to what is published"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["retention", "order_to_oder", "2024-01", "1"], "do you mean order_to_order"),
        (["retention", "order_to_order", "2025-01", "1"], "there are 2024-01-01 to 2024-04-01"),
        (["retention", "order_to_order", "2024-01", "9"], "periods up to 3"),
        (["retention", "order_to_order", "January", "1"], "write it as in 2024-03"),
        (["retention", "order_to_order", "2024-01", "1", "--segment", "country=BG"], "country=GB"),
        (["churn", "2024-13"], "'2024-13' is no date"),
        (["churn", "2023-01"], "monthly_churn has no 2023-01; there are 2023-12-01 to 2024-04-01"),
        (["churn", "2024-01", "--base", "ordr"], "do you mean order?"),
        (["revenue", "2030-01"], "cohort_value has no 2030-01; there are"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_there_is_not_is_told_with_what_there_is(
    shop: Shop, capsys: Capture, given: list[str], told: str
) -> None:
    assert main(["explain", *given, "--warehouse", str(shop.warehouse.folder)]) == USER_ERROR
    said = capsys.readouterr()
    assert told in said.err
    assert said.out == ""


def test_rows_that_do_not_add_up_are_an_error(copy: Path, capsys: Capture) -> None:
    given = ["explain", "revenue", "2024-02", "--warehouse", str(copy)]
    with duckdb.connect(str(copy / "marts.duckdb")) as con:
        con.execute("update cohort_value set revenue_cash = revenue_cash + 1")
    assert main(given) == BROKEN
    said = capsys.readouterr().err
    assert "do not add up to what is published: revenue_cash; this is a defect" in said
    # a later run that published nothing
    with duckdb.connect(str(copy / "build.duckdb")) as con:
        con.execute("insert into ledger.runs (run_number, run_id) values (2, 'later')")
    assert main(given) == USER_ERROR
    assert "another run than the newest one" in capsys.readouterr().err


def test_nothing_is_changed(shop: Shop) -> None:
    before = shop.warehouse.build_file.read_bytes()
    churn.explain_month(shop.warehouse, "2024-03", "order")
    assert shop.warehouse.build_file.read_bytes() == before


def test_a_file_that_is_missing_is_named(copy: Path, capsys: Capture) -> None:
    (copy / "build.duckdb").unlink()
    assert main(["explain", "churn", "2024-03", "--warehouse", str(copy)]) == USER_ERROR
    assert "build.duckdb: is not there; `retention run` makes it" in capsys.readouterr().err
