"""The orders, sessions and events in the words of their exports: columns, spellings, all text."""

from __future__ import annotations

import numpy as np

from dagster_project.demo.delivered.rows import (
    Export,
    amounts,
    customer_ids,
    delivery_dates,
    event_ids,
    order_numbers,
    pick,
    session_ids,
    visitor_ids,
)
from dagster_project.demo.draws.ads import CAMPAIGNS as AD_CAMPAIGNS
from dagster_project.demo.draws.ads import LANDING_PAGES as AD_PAGES
from dagster_project.demo.draws.ads import Ads
from dagster_project.demo.draws.clock import HOUR, avoid_clock_change, iso, month_of, to_local
from dagster_project.demo.draws.orders import CHANNELS, COUPONS, STORE
from dagster_project.demo.draws.session_events import EVENT_NAMES
from dagster_project.demo.draws.shop import Shop
from dagster_project.demo.parameters import (
    COUNTRIES,
    CURRENCIES,
    DAY,
    DEVICES,
    SOURCES,
    IntArray,
)

STATES = (  # theirs, by our status; exports.yml maps them back, whatever their case
    ("Completed", "completed", "COMPLETE", "Paid", "shipped", "Delivered"),
    ("refunded", "Refunded"),
    ("cancelled", "Canceled", "VOID"),
    ("pending", "Awaiting payment"),
    ("Credit note",),
)
BASKETS = ("Mug", '"Mug, blue"', '"Poster, 12"" wide"', "Notebook", '"Tea, green, 250 g"', "")
MEDIA = ("organic", "cpc", "social", "email", "referral", "(none)")
LANDING_PAGES = ("/", "/sale", "/new", "/blog/gifts", "/category/mugs")
PLATFORMS = ("macos", "ios_web", "ios")
PATHS = ("/", "/product", "/product", "/cart", "/account", "/app", "/checkout")


def order_export(shop: Shop) -> Export:
    """The shop's order report: local times without a zone, delivered monthly."""
    orders, rng, count = shop.orders, shop.parameters.rng(5), len(shop.orders)
    known = orders.person >= 0
    people, person = shop.people, orders.person
    changed_at = avoid_clock_change(
        np.minimum(orders.placed_at + rng.integers(0, 900, count), _day_end(orders.placed_at))
    )
    draw = rng.random(count)
    states = [STATES[s][int(u * len(STATES[s]))] for s, u in zip(orders.status, draw, strict=True)]
    device = np.where(orders.channel == STORE, len(DEVICES), 0)
    device = np.where((orders.channel != STORE) & known, people.device[person], device)
    columns = {
        "Order No": order_numbers(count),
        "Customer Ref": customer_ids(shop.order_customer),
        "Placed At": iso(orders.placed_at, " "),
        "State": states,
        "Cur": pick(CURRENCIES, shop.order_currency),
        "Net Amount": amounts(orders.amount),
        "Discount": amounts(orders.discount),
        "Voucher": pick(COUPONS, orders.coupon),
        "Sales Channel": pick(CHANNELS, orders.channel),
        "Traffic Source": pick(SOURCES, np.where(known, people.source[person], 5)),
        "Device Type": pick((*DEVICES, ""), device),
        "Ship Country": pick(COUNTRIES, np.where(known, people.country[person], 0)),
        "Visitor": visitor_ids(shop.order_visitor),
        "Basket": pick(BASKETS, rng.integers(0, len(BASKETS), count)),
        "Last Change": iso(changed_at, " "),
    }
    return Export(
        name="orders",
        file_name="orders_{day}.csv",
        joiner=",",
        header=",".join(columns),
        columns=columns,
        key="Order No",
        period=month_of(orders.placed_at, shop.parameters.starts_on),
        day=orders.placed_at // DAY,
        deliveries=delivery_dates(shop, 1),
    )


def session_export(shop: Shop, ads: Ads) -> Export:
    """The web analytics' sessions: moments with their offset, delivered quarterly, gzipped."""
    sessions, rng, count = shop.sessions, shop.parameters.rng(6), len(shop.sessions)
    local = to_local(sessions.started_at)
    campaign = rng.integers(0, 3, count) * np.isin(sessions.source, (1, 2, 3))
    landing = rng.integers(0, len(LANDING_PAGES), count)
    known, paid = sessions.person >= 0, ads.campaign >= 0
    tags = np.where(paid, ads.campaign + 3, campaign)
    landing = np.where(paid, ads.campaign + len(LANDING_PAGES), landing)
    columns = {
        "sid": session_ids(count),
        "uid": customer_ids(sessions.customer),
        "vid": visitor_ids(sessions.visitor),
        "start": _with_offset(sessions.started_at, sessions.device),
        "end": _with_offset(sessions.started_at + sessions.duration, sessions.device),
        "utm_source": pick(SOURCES, sessions.source),
        "utm_medium": pick(MEDIA, sessions.source),
        "utm_campaign": pick(("", "spring_launch", "always_on", *AD_CAMPAIGNS), tags),
        "landing": pick((*LANDING_PAGES, *AD_PAGES), landing),
        "device_type": pick(DEVICES, sessions.device),
        "os": pick(PLATFORMS, sessions.device),
        "geo": pick(COUNTRIES, np.where(known, shop.people.country[sessions.person], 0)),
        "hits": [str(hits) for hits in rng.geometric(0.3, count).tolist()],
    }
    return Export(
        name="sessions",
        file_name="sessions_{day}.csv.gz",
        joiner=",",
        header=",".join(columns),
        columns=columns,
        key="sid",
        period=month_of(local, shop.parameters.starts_on) // 3,
        day=local // DAY,
        deliveries=delivery_dates(shop, 3),
    )


def event_export(shop: Shop) -> Export:
    """The event stream: one JSON object a line, absent keys left out, delivered quarterly."""
    events = shop.events
    local = to_local(events.occurred_at)
    products = np.where(events.product >= 0, events.product, 0).tolist()
    columns = {  # pieces of a JSON object
        "id": [f'{{"id":"{key}"' for key in event_ids(len(events))],
        "ts": [f',"ts":"{text}Z"' for text in iso(events.occurred_at)],
        "type": pick([f',"type":"{name}"' for name in EVENT_NAMES], events.name),
        "session": pick(
            [f',"session":"{sid}"' for sid in session_ids(len(shop.sessions))], events.session
        ),
        "user": [f',"user":"{i}"' if i else "" for i in customer_ids(events.customer)],
        "visitor": [f',"visitor":"{i}"' if i else "" for i in visitor_ids(events.visitor)],
        "sku": [f',"sku":"P{product}"' if product else "" for product in products],
        "rest": pick(
            [f',"path":"{path}","os":"{os}"}}' for path in PATHS for os in PLATFORMS],
            events.name * len(PLATFORMS) + shop.sessions.device[events.session],
        ),
    }
    return Export(
        name="events",
        file_name="events_{day}.jsonl",
        joiner="",
        header=None,
        columns=columns,
        key="id",
        period=month_of(local, shop.parameters.starts_on) // 3,
        day=local // DAY,
        deliveries=delivery_dates(shop, 3),
        templates={"id": '{"id":"{}"', "ts": ',"ts":"{}"'},
    )


def _day_end(local: IntArray) -> IntArray:
    return local // DAY * DAY + DAY - 1


def _with_offset(utc: IntArray, device: IntArray) -> list[str]:
    """The app writes UTC with a Z, the web shop its local time with the offset."""
    local = to_local(utc)
    app = device == DEVICES.index("app")
    shown = np.where(app, utc, local)
    zone = np.where(app, 0, 1 + (local - utc) // HOUR)
    zones = pick(("Z", "+00:00", "+01:00"), zone)
    return [text + suffix for text, suffix in zip(iso(shown), zones, strict=True)]
