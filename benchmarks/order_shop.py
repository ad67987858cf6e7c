"""A shop of nothing but orders, drawn by the demo's simulator, as Parquet."""

import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import yaml

from dagster_project.demo.draws.orders import CANCELLED, CHANNELS, PENDING, REFUNDED, draw_orders
from dagster_project.demo.draws.people import draw_people
from dagster_project.demo.parameters import ShopParameters

FIRST_DAY, MONTHS = dt.date(2023, 1, 1), 24
SHOPS = 20  # drawn one after the other, so that a draw fits in memory: a file each
#: Customers leave less often than the demo's: five orders of each.
DROPOUT_B = 14.0
CONFIG = {
    "settings": {
        "base_currency": "GBP",
        "segments": ["channel"],
        "last_day_is_partial": False,
    },
    "exports": {
        "orders": {
            "files": "orders/*.parquet",
            "delivered_at": "2025-01-02",
            "columns": {
                name: name
                for name in (
                    *("order_id", "customer_id", "ordered_at", "status", "channel"),
                    *("amount", "discount_amount"),
                )
            },
            "status_map": {"completed": "counted", "refunded": "refunded", "open": "pending"},
        }
    },
}


def prepare_room(room: Path, customers: int) -> None:
    """Write the `exports.yml` and the orders of 24 months.

    Left out are cancelled orders: which refund belongs to one is asked of each that names no order,
    and is not measured here.
    """
    (room / "orders").mkdir()
    (room / "exports.yml").write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    for seed in range(SHOPS):
        _write_shop(room, seed, customers // SHOPS)


def _write_shop(room: Path, seed: int, customers: int) -> None:
    parameters = ShopParameters(
        seed=seed,
        customers=customers,
        starts_on=FIRST_DAY,
        months=MONTHS,
        test_customers=0,
        dropout_b=DROPOUT_B,
    )
    orders, _ = draw_orders(parameters, draw_people(parameters))
    kept = np.flatnonzero(orders.status != CANCELLED)
    drawn = {  # noqa: F841  read by the query below
        "number": kept,
        "person": np.where(orders.is_guest, -1, orders.person)[kept],
        "second": orders.placed_at[kept],
        "status": orders.status[kept],
        "channel": orders.channel[kept] + 1,
        "pence": orders.amount[kept],
        "discount": orders.discount[kept],
    }
    duckdb.sql(
        f"""copy (
            select
                'o{seed}-' || number as order_id,
                case when person >= 0 then 'c{seed}-' || person end as customer_id,
                make_timestamp(second * 1000000) as ordered_at,
                case status
                    when {REFUNDED} then 'refunded' when {PENDING} then 'open' else 'completed'
                end as status,
                {list(CHANNELS)}[channel] as channel,
                (pence / 100)::decimal(12, 2) as amount,
                (discount / 100)::decimal(12, 2) as discount_amount
            from drawn
        ) to '{room}/orders/shop_{seed:02}.parquet'"""
    )
