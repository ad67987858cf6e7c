"""The orders: the purchase process, failed attempts, guests without an account, refunds."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from dagster_project.demo.draws.clock import at_some_hour, avoid_clock_change
from dagster_project.demo.draws.people import People
from dagster_project.demo.parameters import (
    DAY,
    NOBODY,
    BoolArray,
    FloatArray,
    IntArray,
    ShopParameters,
)

COMPLETED, REFUNDED, CANCELLED, PENDING, CREDIT_NOTE = range(5)
WEB, APP, STORE = range(3)
CHANNELS = ("web", "app", "store")
NO_COUPON, WELCOME, SPRING = range(3)
COUPONS = ("", "WELCOME10", "SPRING5")
COUPON_PERCENT = np.array([0, 10, 5])


@dataclass(frozen=True)
class Orders:
    """One entry per order row, in the order of `placed_at`. Money is in pence or cents."""

    person: IntArray  # who did it; NOBODY for people without an account
    is_guest: BoolArray  # the row carries no customer id
    placed_at: IntArray  # local seconds
    status: IntArray
    amount: IntArray  # after discounts; negative for a credit note
    discount: IntArray
    coupon: IntArray
    channel: IntArray

    def __len__(self) -> int:
        return int(self.person.size)

    def take(self, rows: IntArray) -> Orders:
        """The same record with `rows` only, in that order."""
        return Orders(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


def draw_orders(shop: ShopParameters, people: People) -> tuple[Orders, FloatArray]:
    """Draw every order row, and the day (since 1970) until which each customer is alive."""
    rng = shop.rng(2)
    person, days, is_first, alive_until = _purchases(rng, shop, people)
    placed_at = at_some_hour(rng, days, shop.end_day)
    own_time = ~people.orders_before_sign_up[person]
    earliest = np.where(own_time, people.signed_up_at[person], people.arrived_at[person]) + 900
    placed_at = np.maximum(placed_at, earliest)
    count = person.size
    status = np.where(rng.random(count) < shop.refunded_share, REFUNDED, COMPLETED)
    channel = _channels(rng, shop, people, person)
    is_guest = (rng.random(count) < shop.own_guest_share) & (channel != STORE)
    too_early = placed_at < people.signed_up_at[person]
    channel = np.where(too_early, WEB, channel)
    is_guest = (is_guest | too_early) & ~people.is_test[person]
    welcome = is_first & (rng.random(count) < shop.welcome_coupon_share)
    spring = ~is_first & (rng.random(count) < shop.other_coupon_share)
    coupon = np.where(welcome, WELCOME, np.where(spring, SPRING, NO_COUPON))
    bought = _priced(rng, shop, people, person, is_guest, placed_at, status, coupon, channel)

    parts = [bought, _attempts(rng, shop, people, bought), _strangers(rng, shop, people, count)]
    parts += [_refunds(rng, shop, people, bought)]
    joined = Orders(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Orders)
        }
    )
    joined = replace(joined, placed_at=avoid_clock_change(joined.placed_at))
    return joined.take(np.argsort(joined.placed_at, kind="stable")), alive_until


def _purchases(
    rng: np.random.Generator, shop: ShopParameters, people: People
) -> tuple[IntArray, IntArray, BoolArray, FloatArray]:
    """The MBG/NBD process: (person, day, is first) per order, and until when each is alive."""
    at = people.first_order.copy()
    alive_until = np.where(np.isfinite(at), float(shop.end_day), people.browses_until)
    alive = np.flatnonzero(at < shop.end_day)
    persons, days, firsts = [], [], []
    is_first = True
    while alive.size:
        persons.append(alive)
        days.append(at[alive].astype(np.int64))
        firsts.append(np.full(alive.size, is_first))
        leaves = rng.random(alive.size) < people.dropout[alive]
        alive_until[alive[leaves]] = at[alive[leaves]]
        alive = alive[~leaves]
        at[alive] += rng.exponential(1 / people.rate[alive])
        alive = alive[at[alive] < shop.end_day]
        is_first = False
    return np.concatenate(persons), np.concatenate(days), np.concatenate(firsts), alive_until


def _channels(
    rng: np.random.Generator, shop: ShopParameters, people: People, person: IntArray
) -> IntArray:
    online = np.where(people.device[person] == 2, APP, WEB)
    return np.where(rng.random(person.size) < shop.store_share, STORE, online)


def _priced(
    rng: np.random.Generator,
    shop: ShopParameters,
    people: People,
    person: IntArray,
    is_guest: BoolArray,
    placed_at: IntArray,
    status: IntArray,
    coupon: IntArray,
    channel: IntArray,
) -> Orders:
    """Draw each order's amount around its customer's mean (strangers: around the shop's)."""
    shop_mean = shop.amount_p * shop.amount_gamma / (shop.amount_q - 1)
    mean = np.where(person == NOBODY, shop_mean, people.mean_amount[person])
    gross = rng.gamma(shop.amount_p, mean / shop.amount_p)
    pence = np.maximum(np.rint(gross * 100).astype(np.int64), 100)
    discount = pence * COUPON_PERCENT[coupon] // 100
    return Orders(person, is_guest, placed_at, status, pence - discount, discount, coupon, channel)


def _attempts(
    rng: np.random.Generator, shop: ShopParameters, people: People, bought: Orders
) -> Orders:
    """Cancelled and never-paid orders, up to two weeks before a real one, always logged in."""
    possible = np.flatnonzero(~people.orders_before_sign_up[bought.person])
    cancelled = round(len(bought) * shop.cancelled_share)
    count = cancelled + round(len(bought) * shop.pending_share)
    near = rng.choice(possible, count, replace=False)
    person = bought.person[near]
    days = np.maximum(bought.placed_at[near] // DAY - rng.integers(0, 14, count), shop.first_day)
    placed_at = at_some_hour(rng, days, shop.end_day)
    placed_at = np.maximum(placed_at, people.signed_up_at[person] + 900)
    status = np.where(np.arange(count) < cancelled, CANCELLED, PENDING)
    none, online = np.zeros(count, dtype=np.int64), np.full(count, WEB)
    guest = np.zeros(count, dtype=np.bool_)
    return _priced(rng, shop, people, person, guest, placed_at, status, none, online)


def _strangers(
    rng: np.random.Generator, shop: ShopParameters, people: People, orders: int
) -> Orders:
    """Guests without an account: half online with a visitor id, half in the store with none."""
    count = max(2, round(orders * shop.stranger_share))
    placed_at = at_some_hour(rng, rng.integers(shop.first_day, shop.end_day, count), shop.end_day)
    nobody, none = np.full(count, NOBODY), np.zeros(count, dtype=np.int64)
    channel = np.where(np.arange(count) % 2 == 0, WEB, STORE)
    guest = np.ones(count, dtype=np.bool_)
    return _priced(rng, shop, people, nobody, guest, placed_at, none, none, channel)


def _refunds(
    rng: np.random.Generator, shop: ShopParameters, people: People, bought: Orders
) -> Orders:
    """Later refunds as negative rows that name no order, never on a day with an order.

    Three go to customers who never order and three to customers before their first order: what
    they bought lies before the exports begin.
    """
    possible = np.flatnonzero(~bought.is_guest & (bought.status == COMPLETED))
    rows = rng.choice(possible, round(len(bought) * shop.refund_row_share), replace=False)
    partial = rng.random(rows.size) < 0.5
    share = np.where(partial, rng.uniform(0.2, 0.8, rows.size), 1.0)
    amount = -np.maximum(np.rint(bought.amount[rows] * share).astype(np.int64), 1)
    person = bought.person[rows]
    days = bought.placed_at[rows] // DAY + rng.integers(1, 31, rows.size)

    real = np.flatnonzero(~people.is_test)
    idle = real[np.isinf(people.first_order[real])]
    never = rng.choice(idle, min(3, idle.size), replace=False)
    opening = people.first_order[real] - people.signed_up_at[real] / DAY
    later = real[(opening > 5) & (people.first_order[real] < shop.end_day)]
    before = rng.choice(later, min(3, later.size), replace=False)
    person = np.concatenate([person, never, before])
    amount = np.concatenate([amount, -rng.integers(500, 5000, never.size + before.size)])
    legacy_days = people.signed_up_at[person[rows.size :]] // DAY + 1
    days = np.concatenate([days, legacy_days])

    order_days = bought.person * 100_000 + bought.placed_at // DAY
    keep = (days < shop.end_day) & ~np.isin(person * 100_000 + days, order_days)
    person, amount, days = person[keep], amount[keep], days[keep]
    none, count = np.zeros(person.size, dtype=np.int64), person.size
    placed_at = at_some_hour(rng, days, shop.end_day)
    status, channel = np.full(count, CREDIT_NOTE), np.full(count, STORE)
    guest = np.zeros(count, dtype=np.bool_)
    return Orders(person, guest, placed_at, status, amount, none, none, channel)
