"""What the marts should recover, counted from the clean draws and never through the warehouse.

Everything leaves out the test customers. Business days are those of Europe/London.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dagster_project.demo.draws.clock import month_of, to_local, to_utc
from dagster_project.demo.draws.identity import Links
from dagster_project.demo.draws.orders import COMPLETED, CREDIT_NOTE, REFUNDED
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import (
    CURRENCIES,
    DAY,
    NOBODY,
    BoolArray,
    IntArray,
    day_of,
)

_SPAN = 2**40  # packs an id and a moment or day into one number


@dataclass(frozen=True)
class CleanOrders:
    """Counted orders after identity and refunds, by time; money in pence or cents."""

    row: IntArray  # index into Orders
    owner: IntArray  # NOBODY for a guest never linked
    day: IntArray  # local, days since 1970
    month: IntArray  # from `starts_on`
    currency: IntArray
    net: IntArray  # after the refunds attributed to it
    cash: IntArray  # before refund rows; a status `refunded` is 0 already

    refund_target: IntArray  # per refund row of an included customer: index above, or NOBODY
    refund_owner: IntArray
    refund_month: IntArray
    refund_amount: IntArray
    refund_currency: IntArray


def clean_orders(shop: Shop, links: Links) -> CleanOrders:
    """Resolve guests, drop test customers, and put refunds back on the orders they belong to.

    A refund row names no order: it goes to its customer's latest counted order at or before it,
    else to the first one; a customer without any keeps it as a refund without an order.
    """
    orders, people = shop.orders, shop.people
    owner = links.owner(shop.order_visitor, shop.order_customer, to_utc(orders.placed_at))
    real = ~((owner >= 0) & people.is_test[owner])
    counted = real & ((orders.status == COMPLETED) | (orders.status == REFUNDED))
    row = np.flatnonzero(counted)
    refund = np.flatnonzero(real & (orders.status == CREDIT_NOTE))
    cash = np.where(orders.status[row] == REFUNDED, 0, orders.amount[row])

    # the counted orders by customer and time, to look the refunds up in
    key = owner[row] * _SPAN + orders.placed_at[row]
    by_key = np.argsort(key, kind="stable")
    found = np.searchsorted(
        key[by_key], owner[refund] * _SPAN + orders.placed_at[refund], side="right"
    )
    before = by_key[np.maximum(found - 1, 0)]
    after = by_key[np.minimum(found, row.size - 1)]
    target = np.where(owner[row][after] == owner[refund], after, NOBODY)
    target = np.where(owner[row][before] == owner[refund], before, target)
    net = cash.copy()
    np.add.at(net, target[target >= 0], orders.amount[refund][target >= 0])

    months = month_of(orders.placed_at, shop.parameters.starts_on)
    currency = shop.order_currency
    return CleanOrders(
        row=row,
        owner=owner[row],
        day=orders.placed_at[row] // DAY,
        month=months[row],
        currency=currency[row],
        net=net,
        cash=cash,
        refund_target=target,
        refund_owner=owner[refund],
        refund_month=months[refund],
        refund_amount=orders.amount[refund],
        refund_currency=currency[refund],
    )


def money(pence: int | np.int64) -> float:
    """Pence to major units, exact to the printed digit."""
    return round(int(pence) / 100, 2)


def cohorts(shop: Shop, clean: CleanOrders) -> list[dict[str, Any]]:
    """Monthly order cohorts: size, retained on and on-or-after, revenue by age and currency."""
    months = shop.parameters.months
    mine = clean.owner >= 0
    first = np.full(len(shop.people), months)
    np.minimum.at(first, clean.owner[mine], clean.month[mine])
    last = np.full(len(shop.people), NOBODY)
    np.maximum.at(last, clean.owner[mine], clean.month[mine])

    ordered = np.zeros((len(shop.people), months), dtype=np.bool_)
    ordered[clean.owner[mine], clean.month[mine]] = True
    revenue = np.zeros((len(CURRENCIES), months, months), dtype=np.int64)
    cash = np.zeros_like(revenue)
    cohort = first[clean.owner[mine]]
    where = (clean.currency[mine], cohort, clean.month[mine] - cohort)
    np.add.at(revenue, where, clean.net[mine])
    np.add.at(cash, where, clean.cash[mine])
    given = clean.refund_target >= 0
    cohort = first[clean.refund_owner[given]]
    age = np.maximum(clean.refund_month[given] - cohort, 0)
    np.add.at(cash, (clean.refund_currency[given], cohort, age), clean.refund_amount[given])

    rows = []
    for month in range(months):
        members = first == month
        ages = range(months - month)
        rows.append(
            {
                "cohort_month": shop.parameters.month_start(month).isoformat(),
                "cohort_size": int(members.sum()),
                "retained": [int(ordered[members, month + age].sum()) for age in ages],
                "retained_on_or_after": [int((last[members] >= month + age).sum()) for age in ages],
                "revenue": _by_currency(revenue, month, len(ages)),
                "revenue_cash": _by_currency(cash, month, len(ages)),
            }
        )
    return rows


def _by_currency(values: IntArray, month: int, ages: int) -> dict[str, list[float]]:
    return {
        currency: [money(value) for value in values[index, month, :ages]]
        for index, currency in enumerate(CURRENCIES)
    }


def daily_sessions(shop: Shop, links: Links) -> tuple[dict[str, int], dict[str, int]]:
    """Per day: distinct customers with a session, and distinct visitor ids never linked."""
    sessions, first, end = shop.sessions, shop.parameters.first_day, shop.parameters.end_day
    owner = links.owner(sessions.visitor, sessions.customer, sessions.started_at)
    day = to_local(sessions.started_at) // DAY

    def distinct(ids: IntArray, keep: BoolArray) -> dict[str, int]:
        pairs = np.unique(day[keep] * _SPAN + ids[keep])
        counts = np.bincount(pairs // _SPAN - first, minlength=end - first)
        return {day_of(first + i).isoformat(): int(n) for i, n in enumerate(counts)}

    anonymous = (owner < 0) & (sessions.visitor >= 0)
    customers = (owner >= 0) & ~shop.people.is_test[owner]
    return distinct(owner, customers), distinct(sessions.visitor, anonymous)
