"""Half a million real order lines: every cohort cell and every cent of the accounting."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dagster_project.warehouse.compare import compare

from ..support.identities import broken_identities
from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop, preset, run_shop

DATA = DATA_SETS / "online_retail"


def by_preset(**options: Any) -> dict[str, Any]:
    config = preset("online_retail", DATA)
    config["exports"]["orders"] |= options
    return config


@pytest.fixture(scope="module")
def refunding(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Negative invoices are refunds, as the preset says."""
    shop = run_shop(tmp_path_factory.mktemp("refund"), by_preset())
    assert shop.result.success
    return shop


@pytest.fixture(scope="module")
def ordering(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Negative invoices are activity like any other."""
    config = by_preset(negative_amounts="order")
    return build_shop(tmp_path_factory.mktemp("order"), config, "cohort_retention")


def cohort_cells(shop: Shop) -> dict[tuple[str, int], int]:
    rows = shop.query(
        "select strftime(cohort_start, '%Y-%m'), period_number, retained_customers"
        " from cohort_retention where study = 'order_to_order' and period = 'month'"
        " and segment_name = 'all'"
    )
    return {(month, k): customers for month, k, customers in rows}


def expected_cells(name: str) -> dict[tuple[str, int], int]:
    with (DATA / name).open() as file:
        return {(r["cohort_month"], int(r["k"])): int(r["customers"]) for r in csv.DictReader(file)}


def test_cohorts_where_cancellations_are_refunds(refunding: Shop) -> None:
    cells = cohort_cells(refunding)
    assert cells == expected_cells("cohort_or_2010_2011_no_C_invoices.csv")
    assert len(cells) == 91
    assert (cells["2010-12", 0], cells["2010-12", 1]) == (885, 324)


@pytest.mark.nightly
def test_cohorts_where_cancellations_are_orders(ordering: Shop) -> None:
    cells = cohort_cells(ordering)
    assert cells == expected_cells("cohort_or_2010_2011_all_rows_with_customer.csv")
    assert (cells["2010-12", 0], cells["2010-12", 1]) == (948, 362)


def test_every_row_and_every_cent_is_accounted_for(refunding: Shop) -> None:
    (row,) = refunding.query(
        "select rows_in_files, rows_rejected, rows_loaded, rows_duplicate, rows_superseded,"
        " rows_quarantined, rows_used, rows_without_customer, rows_identical"
        " from source_accounting where export = 'orders'"
    )
    assert row == (541_909, 0, 541_909, 0, 0, 0, 541_909, 135_080, 5_268)


def test_every_cent_is_in_one_term(refunding: Shop) -> None:
    rows = refunding.query(
        "select term, row_count, round(amount, 2) from money_identity order by term_number"
    )
    nothing = ["rejected", "duplicate", "superseded", "quarantined", "cancelled or pending"]
    nothing += ["after as_of_date", "refunded by status"]
    assert rows == [
        ("in files", 541_909, Decimal("9747747.93")),
        *((term, 0, 0) for term in nothing),
        ("without customer", 135_080, Decimal("1447682.12")),
        ("customers without an order", 88, Decimal("-10411.24")),
        ("cohort revenue", 406_741, Decimal("8310477.05")),
    ]
    assert Decimal("8310477.05") - Decimal("10411.24") == Decimal("8300065.81")
    assert refunding.query("select sum(revenue), sum(revenue_cash) from cohort_value") == [
        (Decimal("8310477.0540"), Decimal("8310477.0540"))
    ]


def test_customers_with_refunds_only_are_kept(refunding: Shop) -> None:
    assert refunding.query(
        "select count(*), sum(net_revenue) from customer_value where cohort_month is null"
    ) == [(33, Decimal("-10411.2400"))]


@pytest.mark.nightly
def test_an_overlapping_delivery_changes_no_figure(refunding: Shop, tmp_path: Path) -> None:
    names = ("online_retail_2010_2011_*.parquet", "sample_5pct_2010_2011.csv.gz")
    overlapping = build_shop(tmp_path, by_preset(files=[str(DATA / name) for name in names]))
    compared = compare(refunding.warehouse.marts_file, overlapping.warehouse.marts_file)
    # what tells of files tells of both
    unequal = {found.table for found in compared if not found.is_equal}
    assert unequal == {"money_identity", "source_accounting"}
    figures = "rows_used, rows_without_customer, rows_identical, amount_used, amount_in_cohorts"
    query = f"select {figures} from source_accounting where export = 'orders'"
    assert overlapping.query(query) == refunding.query(query)
    assert overlapping.query(
        "select rows_in_files, rows_loaded, rows_duplicate, rows_superseded, rows_quarantined"
        " from source_accounting where export = 'orders'"
    ) == [(541_909 + 26_877, 541_909 + 26_877, 26_877, 0, 0)]


def test_identities(refunding: Shop) -> None:
    assert broken_identities(refunding) == []
