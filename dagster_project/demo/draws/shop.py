"""The whole shop, clean: every draw together, before an export garbles it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.demo.draws.clock import to_utc
from dagster_project.demo.draws.identity import Links
from dagster_project.demo.draws.orders import Orders, draw_orders
from dagster_project.demo.draws.people import People, draw_people
from dagster_project.demo.draws.session_events import Events, draw_events
from dagster_project.demo.draws.visits import Sessions, draw_sessions
from dagster_project.demo.parameters import NOBODY, FloatArray, IntArray, ShopParameters


@dataclass(frozen=True)
class Shop:
    """All clean draws of one shop."""

    parameters: ShopParameters
    people: People
    alive_until: FloatArray  # days since 1970
    orders: Orders
    order_visitor: IntArray
    sessions: Sessions
    events: Events

    @property
    def order_customer(self) -> IntArray:
        """The customer on the order row, NOBODY on a guest's."""
        return np.where(self.orders.is_guest, NOBODY, self.orders.person)

    @property
    def order_currency(self) -> IntArray:
        """Index into CURRENCIES; people without an account pay in the first."""
        known = self.orders.person >= 0
        return np.where(known, self.people.currency[self.orders.person], 0)

    def links(self) -> Links:
        """Every moment at which a session, an event or an order carries both ids."""
        sessions, events = self.sessions, self.events
        ordered_at = to_utc(self.orders.placed_at)
        return Links.of(
            np.concatenate([sessions.visitor, events.visitor, self.order_visitor]),
            np.concatenate([sessions.customer, events.customer, self.order_customer]),
            np.concatenate([sessions.started_at, events.occurred_at, ordered_at]),
        )


def draw_shop(parameters: ShopParameters) -> Shop:
    """Draw a shop; the same parameters give the same shop."""
    people = draw_people(parameters)
    orders, alive_until = draw_orders(parameters, people)
    sessions, order_visitor = draw_sessions(parameters, people, orders, alive_until)
    events = draw_events(parameters, sessions)
    return Shop(parameters, people, alive_until, orders, order_visitor, sessions, events)
