"""A course's shop that contradicts itself: every contradiction is found, with its very count.

Counts are those of the data's README, recounted from the files by hand. What cannot be true is
quarantined with a reason; what is odd but may be used stands in `data_warnings`.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ..support.shops import DATA_SETS, Shop, ShopRun, run_shop

DATA = DATA_SETS / "ie_shop"

EXPORTS: dict[str, Any] = {
    "orders": {
        "files": f"{DATA}/orders.parquet",
        "delivered_at": "2026-06-30",
        "columns": {
            "order_id": "order_id",
            "customer_id": "customer_id",
            "ordered_at": "order_date",
            "status": "status",
            "currency": "currency",
            # the returns are of what was paid, tax and shipping included
            "amount": "total_amount",
            "discount_amount": "discount_amount",
            "coupon_code": "coupon_code",
        },
    },
    "sessions": {
        "files": f"{DATA}/website_sessions.parquet",
        "delivered_at": "2026-06-30",
        "columns": {
            "session_id": "session_id",
            "customer_id": "customer_id",
            "started_at": "session_date",
            "source": "source",
            "landing_page": "landing_page",
            "device": "device_type",
            "page_views": "page_views",
        },
    },
    "customers": {
        "files": f"{DATA}/customers.parquet",
        "delivered_at": "2026-06-30",
        "columns": {
            "customer_id": "customer_id",
            "email": "email",
            "country": "country",
            "signed_up_at": "registration_date",
            "total_orders": "total_orders",
        },
    },
    "refunds": {
        "files": f"{DATA}/returns.parquet",
        "delivered_at": "2026-06-30",
        "columns": {
            "refund_id": "return_id",
            "order_id": "order_id",
            "customer_id": "customer_id",
            "refunded_at": "return_date",
            "amount": "refund_amount",
            "status": "return_status",
            "reason": "return_reason",
        },
    },
}


def run(folder: Path, **settings: Any) -> ShopRun:
    settings["files_outside_folder"] = True
    return run_shop(folder, {"settings": settings, "exports": EXPORTS})


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop of somebody who has seen the verdict and goes on all the same."""
    shop = run(tmp_path_factory.mktemp("ie_shop"), max_quarantined_share=1.0)
    assert shop.result.success
    return shop


def test_the_verdict_without_leave_is_no(tmp_path: Path) -> None:
    shop = run(tmp_path)
    assert not shop.result.success
    assert not shop.warehouse.marts_file.exists()


def test_text_dates_are_read(shop: Shop) -> None:
    rows = shop.query(
        "select export, rows_in_files, rows_rejected, rows_quarantined from source_accounting"
        " where export in ('orders', 'sessions', 'customers') order by 1"
    )
    assert rows == [("customers", 1500, 0, 0), ("orders", 2500, 0, 0), ("sessions", 10000, 0, 0)]


def test_every_contradiction_is_counted(shop: Shop) -> None:
    rows = shop.query(
        "select export, warning, occurrences from data_warnings"
        " where warning not like '%clocks repeat' order by 1, 2"
    )
    assert rows == [
        ("customers", "birth_date is after its delivery", 0),
        ("customers", "email is no address", 0),
        ("customers", "total_orders is not the number of orders", 1250),
        ("orders", "amount below zero gives back a cancelled order and takes nothing off", 0),
        # what was paid is meant here; a shop that means it says so by `sql:`
        (
            "orders",
            "amount is `total_amount`, gross or a total by its name, and `subtotal` is not mapped:"
            " figures are meant without tax; `sql:` says that it is meant all the same",
            2500,
        ),
        # 2,500 without 71 cancelled and 265 pending ones
        ("orders", "cost_amount is empty and gross_margin not set: margin is revenue", 2164),
        ("orders", "ordered_at is before signed_up_at", 826),
        ("refunds", "amount gives back what was cancelled and takes nothing off", 0),
        ("refunds", "amount is taken to hold tax and shipping; amounts: gross or net says so", 0),
        (
            "sessions",
            "anonymous_id is of over 20 customers; if it is nobody, name it in not_ids",
            0,
        ),
        ("sessions", "customer_id and anonymous_id are empty", 2947),
        ("sessions", "started_at is before signed_up_at", 1176),
    ]
    assert shop.query(
        "select rows_without_customer from source_accounting where export = 'sessions'"
    ) == [(2947,)]


def test_returns_above_their_order_are_held_back(shop: Shop) -> None:
    rows = dict(shop.query("select reason, count(*) from quarantine group by 1"))
    assert rows.pop("amount is above its order") == 194
    # of the others: orders that were cancelled or never paid, and second returns of an order
    assert set(rows) <= {
        "order_id names an order that does not count",
        "amount is above what is left of its order",
    }
    with shop.warehouse.connect() as con:
        held = con.execute(
            "select status, count(*) from staging.stg_refund_rows"
            " where quarantine_reason = 'amount is above its order' group by 1"
        ).fetchall()
    assert dict(held)["counted"] == 97


def test_what_is_left_adds_up(shop: Shop) -> None:
    rows = shop.query(
        "select export, amount_in_files, amount_quarantined, amount_in_cohorts"
        " from source_accounting where amount_in_files is not null order by 1"
    )
    (orders, refunds) = rows
    assert orders[0] == "orders"
    assert refunds[1] < refunds[2] < Decimal(0)
    assert shop.query("select sum(revenue) from cohort_value") == [(orders[3] + refunds[3],)]
