"""What the CRM exports share: whose orders they are about, and that each is one file."""

from __future__ import annotations

import numpy as np

from dagster_project.demo.delivered.rows import Export
from dagster_project.demo.draws.orders import COMPLETED, REFUNDED
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import DAY, BoolArray, IntArray


def own_orders(shop: Shop) -> BoolArray:
    """Paid orders that name a customer who is not a test customer."""
    orders, people = shop.orders, shop.people
    known = (orders.person >= 0) & ~orders.is_guest
    paid = (orders.status == COMPLETED) | (orders.status == REFUNDED)
    own: BoolArray = known & paid & ~people.is_test[orders.person]
    return own


def one_file(
    shop: Shop, name: str, file_name: str, columns: dict[str, list[str]], key: str, at: IntArray
) -> Export:
    """One file, delivered when the data end."""
    return Export(
        name=name,
        file_name=file_name,
        joiner=",",
        header=",".join(columns),
        columns=columns,
        key=key,
        period=np.zeros(at.size, dtype=np.int64),
        day=at // DAY,
        deliveries=[shop.parameters.month_start(shop.parameters.months)],
    )
