"""The sessions: who visits when, on which device, and which ids the row carries."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.demo.draws.clock import at_some_hour, to_utc
from dagster_project.demo.draws.orders import STORE, Orders
from dagster_project.demo.draws.people import People
from dagster_project.demo.parameters import (
    DAY,
    DEVICE_SHARES,
    DEVICES,
    NOBODY,
    SOURCES,
    BoolArray,
    FloatArray,
    IntArray,
    ShopParameters,
)

NEVER = 2**60  # a log-in that does not happen
PLAIN, SIGN_UP, ORDER = range(3)


@dataclass(frozen=True)
class Sessions:
    """One entry per session, by start. Moments are UTC seconds, durations seconds.

    `visitor` is the number of the browser's or app's id, NOBODY where the row carries none. The
    customer id is on the session if `login_at` <= `started_at`, and on its events from `login_at`.
    """

    person: IntArray
    visitor: IntArray
    started_at: IntArray
    duration: IntArray
    login_at: IntArray
    kind: IntArray
    order: IntArray  # index into Orders, NOBODY for most
    device: IntArray
    source: IntArray

    def __len__(self) -> int:
        return int(self.person.size)

    @property
    def customer(self) -> IntArray:
        """The customer on the row, or NOBODY."""
        return np.where(self.login_at <= self.started_at, self.person, NOBODY)


@dataclass(frozen=True)
class Devices:
    """Up to three visitor ids per customer; a shared one is somebody else's first."""

    visitor: IntArray  # people x 3, NOBODY where there is none
    logs_in: BoolArray  # people x 3
    shares: BoolArray  # who uses a shared device, or owns one


def draw_sessions(
    shop: ShopParameters, people: People, orders: Orders, alive_until: FloatArray
) -> tuple[Sessions, IntArray]:
    """Draw every session, and the visitor id of every order (NOBODY where none)."""
    rng = shop.rng(3)
    devices = _devices(rng, shop, people)
    person, starts, kind, order, span = _occasions(rng, shop, people, orders, alive_until)
    count = person.size
    known = person >= 0

    which = _which_device(rng, devices, person)
    first_only = (kind == SIGN_UP) | ((order >= 0) & orders.is_guest[order])
    which = np.where(first_only, 0, which)
    visitor = np.where(known, devices.visitor[person, which], NOBODY)
    anonymous = np.flatnonzero(~known)
    # people without an account: everyone comes back 0, 1, 2 ... times
    pool = max(1, round(anonymous.size / 1.6))
    visitor[anonymous] = 3 * len(people) + rng.integers(0, pool, anonymous.size)
    strangers = np.flatnonzero(~known & (order >= 0))
    visitor[strangers] = 3 * len(people) + pool + np.arange(strangers.size)
    no_id = ~known & (order < 0) & (rng.random(count) < _no_id_chance(shop, count, anonymous))
    visitor = np.where(no_id, NOBODY, visitor)

    signed_up = to_utc(people.signed_up_at)[person]
    logs_in = rng.random(count) < shop.login_share
    logs_in &= devices.logs_in[person, which] & (starts >= signed_up)
    bought = order >= 0
    as_customer = bought & ~orders.is_guest[order]
    must = as_customer & ((orders.status[order] > 1) | devices.shares[person])
    logs_in = np.where(as_customer, must | (rng.random(count) < 0.9), logs_in)
    logs_in &= ~(bought & orders.is_guest[order])
    logs_in = (logs_in | people.is_test[person]) & known
    login_at = np.where(logs_in, starts, NEVER)
    in_session = (kind == SIGN_UP) & ~people.is_test[person]
    login_at = np.where(in_session, signed_up, login_at)

    source = rng.integers(0, len(SOURCES), count)
    own = known & ((rng.random(count) < 0.4) | (starts < signed_up))
    source = np.where(own, people.source[person], source)
    drawn = rng.choice(len(DEVICES), count, p=DEVICE_SHARES)
    device = np.where(known & (which == 0), people.device[person], drawn)
    sessions = Sessions(person, visitor, starts, span, login_at, kind, order, device, source)

    order_visitor = np.full(len(orders), NOBODY)
    order_visitor[order[bought]] = visitor[bought]
    by_start = np.argsort(starts, kind="stable")
    return Sessions(**{name: v[by_start] for name, v in vars(sessions).items()}), order_visitor


def _devices(rng: np.random.Generator, shop: ShopParameters, people: People) -> Devices:
    count = len(people)
    visitor = np.arange(3 * count).reshape(count, 3)
    visitor[rng.random(count) >= 0.45, 1] = NOBODY
    visitor[rng.random(count) >= 0.08, 2] = NOBODY
    logs_in = np.ones((count, 3), dtype=np.bool_)
    logs_in[rng.random(count) < 0.15, 1] = False
    pairs = max(2, round(shop.customers * shop.shared_devices_per_customer))
    chosen = rng.choice(np.flatnonzero(~people.is_test), 2 * pairs, replace=False)
    owner, guest = chosen[:pairs], chosen[pairs:]
    visitor[guest, 2] = visitor[owner, 0]
    shares = np.zeros(count, dtype=np.bool_)
    shares[chosen] = True
    return Devices(visitor, logs_in, shares)


def _which_device(rng: np.random.Generator, devices: Devices, person: IntArray) -> IntArray:
    draw = rng.random(person.size)
    third = (draw < 0.2) & (devices.visitor[person, 2] >= 0)
    second = (draw < 0.4) & (devices.visitor[person, 1] >= 0)
    return np.where(third, 2, np.where(second, 1, 0))


def _no_id_chance(shop: ShopParameters, sessions: int, anonymous: IntArray) -> float:
    return min(1.0, shop.no_id_share * sessions / max(1, anonymous.size))


def _occasions(
    rng: np.random.Generator,
    shop: ShopParameters,
    people: People,
    orders: Orders,
    alive_until: FloatArray,
) -> tuple[IntArray, IntArray, IntArray, IntArray, IntArray]:
    """(person, start in UTC, kind, order, seconds) of every session, unsorted."""
    visitor, visit_day = _visit_days(rng, shop, people, alive_until)
    again = rng.random(visitor.size) < shop.second_visit_share
    strangers = round(shop.customers * shop.anonymous_visitors_per_customer * 1.6)
    stranger_day = rng.integers(shop.first_day, shop.end_day, strangers)
    days = np.concatenate([visit_day, visit_day[again], stranger_day])
    visits = to_utc(at_some_hour(rng, days, shop.end_day))
    arrivals = np.flatnonzero(people.signed_up_at - people.arrived_at >= 600)
    signing = np.arange(len(people))
    buying = np.flatnonzero(orders.channel != STORE)

    lead = rng.integers(120, 600, len(people))
    order_lead = rng.integers(120, 840, buying.size)
    person = np.concatenate(
        [
            visitor,
            visitor[again],
            np.full(strangers, NOBODY),
            arrivals,
            signing,
            orders.person[buying],
        ]
    )
    starts = np.concatenate(
        [
            visits,
            to_utc(people.arrived_at)[arrivals],
            to_utc(people.signed_up_at) - lead,
            to_utc(orders.placed_at[buying]) - order_lead,
        ]
    )
    plain = visits.size + arrivals.size
    span = np.concatenate([rng.integers(20, 2400, plain), lead + 600, order_lead + 60])
    kind = np.repeat([PLAIN, SIGN_UP, ORDER], [plain, signing.size, buying.size])
    order = np.concatenate([np.full(plain + signing.size, NOBODY), buying])
    # the data begins at local midnight; visits already under way begin there
    opening = int(to_utc(np.array([shop.first_day * DAY]))[0])
    return person, np.maximum(starts, opening), kind, order, span


def _visit_days(
    rng: np.random.Generator, shop: ShopParameters, people: People, alive_until: FloatArray
) -> tuple[IntArray, IntArray]:
    """(person, day): a coin is tossed for every day after the arrival, until the last alive."""
    first = people.arrived_at // DAY + 1
    last = np.minimum(alive_until.astype(np.int64), shop.end_day - 1)
    lengths = np.maximum(last - first + 1, 0)
    person = np.repeat(np.arange(len(people)), lengths)
    offset = np.arange(person.size) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    visits = rng.random(person.size) < people.visit_probability[person]
    # nobody tests on test accounts before they exist
    visits &= ~people.is_test[person] | (
        first[person] + offset > people.signed_up_at[person] // DAY
    )
    return person[visits], (first[person] + offset)[visits]
