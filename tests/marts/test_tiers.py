"""Loyalty tiers that are earned by staying, compared where nobody's future decides his tier.

All 600 customers order at one pace, and amounts are drawn alike: no tier is worth more than
another. A customer is gold from the day of the third order on. So those who are gold today have
ordered thrice, and seem to be worth more; a landmark 30 days after the first order takes that away.
"""

import csv
import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from ..support.line import build_shop
from ..support.oracle.bootstrap import bootstrap_t, dealt, difference
from ..support.oracle.rates import wilson
from ..support.shops import Shop

CUSTOMERS, TOLD_LATER = 600, 12
PACE = 1 / 60  # orders a day
START, END = dt.datetime(2024, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 9, 30, tzinfo=dt.UTC)
LANDMARK, OUTCOME = dt.timedelta(days=30), dt.timedelta(days=90)


class Customer(NamedTuple):
    """When somebody ordered, and for how much."""

    orders: list[tuple[dt.datetime, float]]

    @property
    def first(self) -> dt.date:
        return self.orders[0][0].date()

    @property
    def risen(self) -> dt.datetime | None:
        """When they became gold."""
        return self.orders[2][0] if len(self.orders) > 2 else None


def drawn() -> dict[str, Customer]:
    rng = np.random.default_rng(4)
    customers = {}
    for number in range(CUSTOMERS):
        at = START + dt.timedelta(days=rng.uniform(0, 120))
        orders = []
        while at < END:
            orders.append((at.replace(microsecond=0), round(rng.lognormal(3, 1), 2)))
            at += dt.timedelta(days=rng.exponential(1 / PACE))
        customers[f"c{number:03}"] = Customer(orders)
    return customers


def versions(customers: dict[str, Customer]) -> list[tuple[str, str, dt.datetime]]:
    """What profiles said, since when; of some who rose late only the last version is left."""
    rows, written_over = [], 0
    for name, customer in customers.items():
        risen = customer.risen
        if risen and risen.date() > customer.first + LANDMARK and written_over < TOLD_LATER:
            written_over += 1
        else:
            rows.append((name, "standard", customer.orders[0][0]))
        if risen:
            rows.append((name, "gold", risen))
    return rows


@pytest.fixture(scope="module")
def customers() -> dict[str, Customer]:
    return drawn()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, customers: dict[str, Customer]) -> Shop:
    folder: Path = tmp_path_factory.mktemp("tiers")
    orders = [(who, *order) for who, of in customers.items() for order in of.orders]
    for name, header, rows in [
        ("orders", ("who", "at", "total"), orders),
        ("profiles", ("who", "tier", "since"), versions(customers)),
    ]:
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
    config = {
        "settings": {
            "segments": ["country", "tier"],
            "as_of_date": END.date().isoformat(),
            "value_horizon_days": [120],
        },
        "exports": {
            "orders": {
                "files": "orders.csv",
                "currency": "GBP",
                "columns": {"customer_id": "who", "ordered_at": "at", "amount": "total"},
            },
            "customers": {
                "files": "profiles.csv",
                "columns": {"customer_id": "who", "tier": "tier", "updated_at": "since"},
            },
        },
    }
    return build_shop(folder, config, "segment_value", "tier_effect")


def by_tier(customers: dict[str, Customer]) -> tuple[dict[str, str], dict[str, float], int]:
    """Whose tier on the landmark is known, what they spent after it, and of how many it is not."""
    known: dict[str, list[tuple[dt.date, str]]] = defaultdict(list)
    for name, tier, since in versions(customers):
        known[name].append((since.date(), tier))
    tiers, spent, told_later = {}, {}, 0
    for name, customer in customers.items():
        landmark = customer.first + LANDMARK
        if landmark + OUTCOME > END.date():
            continue
        told = [tier for since, tier in sorted(known[name]) if since <= landmark]
        told_later += not told
        if told:
            tiers[name] = told[-1]
            spent[name] = sum(
                total for at, total in customer.orders if landmark < at.date() <= landmark + OUTCOME
            )
    return tiers, spent, told_later


def test_tiers_are_those_of_the_landmark(shop: Shop, customers: dict[str, Customer]) -> None:
    tiers, spent, told_later = by_tier(customers)
    groups = dealt(tiers, tiers)
    rows = shop.query(
        "select segment_value, customers, customers_told_later, retained_customers,"
        " value_per_customer, value_low, value_high, rate_difference, rate_difference_low,"
        " rate_difference_high, value_difference, value_difference_low, value_difference_high"
        " from tier_effect where segment_name = 'tier' order by 1"
    )
    assert [row[0] for row in rows] == ["gold", "standard"]
    for tier, count, later, retained, *figures in rows:
        own = {name: spent[name] for name in tiers if tiers[name] == tier}
        others = {name: spent[name] for name in tiers if tiers[name] != tier}
        assert (count, later) == (len(own), told_later)
        assert retained == sum(value > 0 for value in own.values())
        means = [sum(of.values()) / len(of) for of in (own, others)]
        bounds = [bootstrap_t(of, groups) for of in (own, others)]
        counts = [(sum(value > 0 for value in of.values()), len(of)) for of in (own, others)]
        shares = [some / many for some, many in counts]
        intervals = [wilson(*of) for of in counts]
        expected = [
            *(means[0], *bounds[0]),
            *(shares[0] - shares[1], *difference(shares[0], intervals[0], shares[1], intervals[1])),
            *(means[0] - means[1], *difference(means[0], bounds[0], means[1], bounds[1])),
        ]
        assert figures == pytest.approx(expected, abs=2e-6)
    assert told_later == TOLD_LATER
    assert min(count for _, count, *_ in rows) > 30


def test_the_tier_of_the_landmark_is_worth_no_more_though_that_of_today_seems_to(
    shop: Shop,
) -> None:
    ((low, high),) = shop.query(
        "select value_difference_low, value_difference_high from tier_effect"
        " where segment_value = 'gold'"
    )
    assert low < 0 < high
    ((multiple_low,),) = shop.query(
        "select multiple_low from segment_value where segment_value = 'gold'"
    )
    assert multiple_low > 1.5
