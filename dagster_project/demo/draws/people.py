"""The customers: who they are, when they arrive, how they will behave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.demo.draws.clock import at_some_hour, avoid_clock_change
from dagster_project.demo.parameters import (
    COUNTRIES,
    COUNTRY_SHARES,
    CURRENCY_OF_COUNTRY,
    DAY,
    DEVICE_SHARES,
    DEVICES,
    FIRST_ORDER_SHARES,
    SOURCE_SHARES,
    SOURCES,
    BoolArray,
    FloatArray,
    IntArray,
    ShopParameters,
)


@dataclass(frozen=True)
class People:
    """One entry per customer. Moments are local seconds, `first_order` is in days since 1970."""

    country: IntArray
    currency: IntArray
    source: IntArray
    device: IntArray
    is_test: BoolArray
    is_loyal: BoolArray
    arrived_at: IntArray
    signed_up_at: IntArray
    first_order: FloatArray  # inf for those who never order
    orders_before_sign_up: BoolArray
    browses_until: FloatArray  # days since 1970, of those who never order
    rate: FloatArray  # orders per day while alive
    dropout: FloatArray  # chance to leave after each order
    visit_probability: FloatArray  # per day while alive
    mean_amount: FloatArray  # major units, before discounts

    def __len__(self) -> int:
        return int(self.country.size)


def draw_people(shop: ShopParameters) -> People:
    """Draw every customer's fixed traits; no order or visit yet."""
    rng, count = shop.rng(1), shop.people
    is_test = np.zeros(count, dtype=np.bool_)
    is_test[rng.choice(count, shop.test_customers, replace=False)] = True
    country = rng.choice(len(COUNTRIES), count, p=COUNTRY_SHARES)
    source = rng.choice(len(SOURCES), count, p=SOURCE_SHARES)

    arrival_day = _arrival_days(rng, shop, count)
    arrived_at = at_some_hour(rng, arrival_day, shop.end_day)
    orders_ever = (rng.random(count) < np.array(FIRST_ORDER_SHARES)[source]) | is_test
    before_sign_up = orders_ever & (rng.random(count) < shop.guest_first_share) & ~is_test

    sign_up_delay = rng.exponential(shop.sign_up_delay_days, count)
    immediate = (rng.random(count) < shop.immediate_sign_up_share) | is_test
    sign_up = np.where(immediate, arrival_day, arrived_at / DAY + sign_up_delay)
    first_order = rng.exponential(shop.first_order_delay_days, count) + np.where(
        before_sign_up, arrived_at / DAY, np.maximum(sign_up, arrived_at / DAY)
    )
    after_order = first_order + rng.exponential(shop.guest_first_delay_days, count)
    sign_up = np.where(before_sign_up, after_order, sign_up)
    sign_up_day = np.minimum(sign_up.astype(np.int64), shop.end_day - 1)
    signed_up_at = np.where(
        immediate & ~before_sign_up,
        arrived_at + rng.integers(120, 600, count),
        np.maximum(at_some_hour(rng, sign_up_day, shop.end_day), arrived_at + 900),
    )

    is_loyal = rng.random(count) < shop.loyal_share
    amount_rate = rng.gamma(shop.amount_q, 1 / shop.amount_gamma, count)
    return People(
        country=country,
        currency=np.array(CURRENCY_OF_COUNTRY)[country],
        source=source,
        device=rng.choice(len(DEVICES), count, p=DEVICE_SHARES),
        is_test=is_test,
        is_loyal=is_loyal,
        arrived_at=arrived_at,
        signed_up_at=avoid_clock_change(signed_up_at),
        first_order=np.where(orders_ever, first_order, np.inf),
        orders_before_sign_up=before_sign_up,
        browses_until=arrived_at / DAY + rng.exponential(shop.browsing_days, count),
        rate=rng.gamma(shop.rate_shape, 1 / shop.rate_scale_days, count),
        dropout=rng.beta(shop.dropout_a, shop.dropout_b, count),
        visit_probability=rng.beta(shop.visit_a, shop.visit_b, count),
        mean_amount=shop.amount_p / amount_rate * np.where(is_loyal, shop.loyal_multiple, 1.0),
    )


def _arrival_days(rng: np.random.Generator, shop: ShopParameters, count: int) -> IntArray:
    days = np.arange(shop.first_day, shop.end_day)
    # 1970-12-05 is day 338: the season peaks in early December
    weights = 1 + shop.season * np.cos(2 * np.pi * (days - 338) / 365.25)
    return rng.choice(days, count, p=weights / weights.sum())
