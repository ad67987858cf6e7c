"""The events inside the sessions: page views, products, favourites, carts, log-ins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.demo.draws.visits import ORDER, SIGN_UP, Sessions
from dagster_project.demo.parameters import DEVICES, NOBODY, BoolArray, IntArray, ShopParameters

EVENT_NAMES = (
    "page_view",
    "product_viewed",
    "favourited",
    "added_to_cart",
    "logged_in",
    "app_installed",
    "checkout_started",
)
PRODUCT_EVENTS = (1, 2, 3)
# chance of a second page view, a product view, a favourite, a cart, in a plain session
PAGE_AGAIN, VIEWED, FAVOURITED, CARTED = 0.12, 0.38, 0.08, 0.14
APP_INSTALL_SHARE = 0.25  # of customers who come by mobile web and log in


@dataclass(frozen=True)
class Events:
    """One entry per event, by time. `occurred_at` is in UTC seconds."""

    session: IntArray  # index into Sessions
    name: IntArray  # index into EVENT_NAMES
    occurred_at: IntArray
    customer: IntArray  # on the row, NOBODY for none
    visitor: IntArray
    product: IntArray  # a stock number, NOBODY for none

    def __len__(self) -> int:
        return int(self.session.size)


def draw_events(shop: ShopParameters, sessions: Sessions) -> Events:
    """Draw what happens in each session, spread evenly over its duration."""
    rng = shop.rng(4)
    count = len(sessions)
    buys, signs_up = sessions.kind == ORDER, sessions.kind == SIGN_UP
    viewed = (rng.random(count) < VIEWED) | buys
    happens = [
        np.ones(count, dtype=np.bool_),
        viewed,
        viewed & (rng.random(count) < FAVOURITED / VIEWED),
        (viewed & (rng.random(count) < CARTED / VIEWED)) | buys,
        signs_up & (sessions.login_at > sessions.started_at),
        _installs(rng, sessions),
        buys,
    ]
    again = rng.random(count) < PAGE_AGAIN
    steps = np.stack([*happens, again & ~buys], axis=1)
    # the step number inside the session, 1 for the first
    position = np.cumsum(steps, axis=1)
    session, step = np.nonzero(steps)
    name = np.where(step == len(EVENT_NAMES), 0, step)
    started, span = sessions.started_at[session], sessions.duration[session]
    # all before the order: an order's session ends a minute after it
    span = np.where(buys[session], span - 60, span)
    occurred = started + span * position[session, step] // (position[session, -1] + 1)
    occurred = np.where(name == 4, sessions.login_at[session] + 5, occurred)
    product = np.where(np.isin(name, PRODUCT_EVENTS), rng.integers(1000, 1400, name.size), NOBODY)
    logged_in = sessions.login_at[session] <= occurred
    order = np.argsort(occurred, kind="stable")
    customer = np.where(logged_in, sessions.person[session], NOBODY)
    columns = (session, name, occurred, customer, sessions.visitor[session], product)
    return Events(*(column[order] for column in columns))


def _installs(rng: np.random.Generator, sessions: Sessions) -> BoolArray:
    """The first logged-in mobile web session of a quarter of those who have one."""
    installs = np.zeros(len(sessions), dtype=np.bool_)
    mobile = sessions.device == DEVICES.index("mobile_web")
    candidates = np.flatnonzero(mobile & (sessions.customer >= 0))
    _, first = np.unique(sessions.customer[candidates], return_index=True)
    chosen = candidates[first]
    installs[chosen[rng.random(chosen.size) < APP_INSTALL_SHARE]] = True
    return installs
