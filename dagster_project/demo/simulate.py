"""Simulate a shop: draw it, count the truth, garble it, write it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from dagster_project.demo.delivered.crm import crm_export
from dagster_project.demo.delivered.dirty_data import (
    Delivered,
    deliver_clean,
    garble_customers,
    garble_orders,
    garble_stream,
)
from dagster_project.demo.delivered.files import write_deliveries, write_table
from dagster_project.demo.delivered.marketing import marketing_exports, marketing_truth
from dagster_project.demo.delivered.reports import event_export, order_export, session_export
from dagster_project.demo.delivered.rows import customer_ids, order_numbers, pick
from dagster_project.demo.draws.ads import draw_ads
from dagster_project.demo.draws.audiences import (
    Reach,
    mailing_deliveries,
    unsubscribe,
    win_back_mailings,
)
from dagster_project.demo.draws.clock import to_local
from dagster_project.demo.draws.orders import CANCELLED, CREDIT_NOTE, PENDING, REFUNDED
from dagster_project.demo.draws.shop import Shop, draw_shop
from dagster_project.demo.draws.subscriptions import club_deliveries, draw_club, recurring_revenue
from dagster_project.demo.ground_truth import (
    CleanOrders,
    clean_orders,
    cohorts,
    daily_sessions,
    money,
)
from dagster_project.demo.parameters import CURRENCIES, DAY, DEMO_VERSION, ShopParameters, day_of

TRUTH = Path("truth") / "truth.json"


@dataclass(frozen=True)
class DemoTruth:
    """The content of truth/truth.json: what was drawn, how it was garbled, what is to be found.

    All of `totals`, `cohorts` and the daily counts leave out the test customers. Money is in major
    units of each currency, rates are per day, dates are business days of `business_time_zone`.
    """

    version: int
    parameters: dict[str, Any]  # ShopParameters
    expected: dict[str, float]  # population means that follow from the parameters
    business_time_zone: str
    as_of_date: str
    files: list[str]  # of the exports, in `out_dir`
    exports: dict[str, dict[str, int]]  # rows of each kind, per export
    garbled: list[dict[str, Any]]  # file, line, kind and key of every garbled row
    rows: dict[str, int]  # clean rows of interest
    totals: dict[str, Any]
    cohorts: list[dict[str, Any]]
    daily_active_customers: dict[str, int]  # activity `session`
    daily_anonymous_visitors: dict[str, int]  # visitor ids that nobody ever logged in with
    recurring_revenue: list[dict[str, Any]]  # month, paying customers and mrr on its last day
    crm: dict[str, Any]  # what is to be found in each CRM export, and which ads fail


def simulate(
    out_dir: Path,
    *,
    seed: int = 7,
    customers: int = 5000,
    starts_on: date = date(2023, 1, 1),
    months: int = 24,
) -> DemoTruth:
    """Write a whole demo shop into `out_dir`: the exports, and under truth/ what is true of them.

    The same arguments write the same bytes. Raises ValueError for a `starts_on` which is not the
    first of a month, fewer than 3 months or fewer than 50 customers.
    """
    parameters = ShopParameters(seed=seed, customers=customers, starts_on=starts_on, months=months)
    shop = draw_shop(parameters)
    links = shop.links()
    clean = clean_orders(shop, links)

    customer_lists = crm_export(shop)
    reach = Reach.of(customer_lists[0])
    mailings = unsubscribe(shop, reach, win_back_mailings(shop, reach))
    club = draw_club(shop, reach)

    (out_dir / "truth").mkdir(parents=True, exist_ok=True)
    ads = draw_ads(shop)
    marketing = marketing_exports(shop, ads, customer_lists[0])
    delivered = [
        garble_orders(shop, order_export(shop)),
        garble_stream(shop, session_export(shop, ads), 8, ["start", "end"]),
        garble_stream(shop, event_export(shop), 9, ["ts"]),
        garble_customers(shop, *customer_lists),
        club_deliveries(shop, club),
        mailing_deliveries(shop, reach, [*mailings, *club.mailings]),
        *map(deliver_clean, marketing.values()),
    ]
    rng = parameters.rng(12)
    garbled = [row for export in delivered for row in write_deliveries(out_dir, export, rng)]

    active, anonymous = daily_sessions(shop, links)
    truth = DemoTruth(
        version=DEMO_VERSION,
        parameters=recorded(parameters),
        expected=_expected(parameters),
        business_time_zone="Europe/London",
        as_of_date=_last_day(shop).isoformat(),
        files=[name for export in delivered for name in export.export.file_names()],
        exports=_counts(delivered),
        garbled=garbled,
        rows=_rows(shop, clean, delivered),
        totals=_totals(shop, clean),
        cohorts=cohorts(shop, clean),
        daily_active_customers=active,
        daily_anonymous_visitors=anonymous,
        recurring_revenue=recurring_revenue(shop, club),
        crm=marketing_truth(shop, marketing),
    )
    _write_tables(out_dir / "truth", shop, clean)
    (out_dir / TRUTH).write_text(json.dumps(asdict(truth), indent=1) + "\n", encoding="utf-8")
    return truth


def recorded(parameters: ShopParameters) -> dict[str, Any]:
    """The parameters as they come back from JSON."""
    return asdict(parameters) | {"starts_on": parameters.starts_on.isoformat()}


def _counts(delivered: list[Delivered]) -> dict[str, dict[str, int]]:
    """Rows of each kind by export; messages come from the newsletter and from the audiences."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for export in delivered:
        counts[export.export.name].update(export.counts())
    return {name: dict(kinds) for name, kinds in counts.items()}


def _expected(parameters: ShopParameters) -> dict[str, float]:
    visit = parameters.visit_a / (parameters.visit_a + parameters.visit_b)
    dropout = parameters.dropout_a / (parameters.dropout_a + parameters.dropout_b)
    mean = parameters.amount_p * parameters.amount_gamma / (parameters.amount_q - 1)
    return {
        "daily_visit_probability": visit,
        "dropout_probability": dropout,
        "orders_per_day_while_alive": parameters.rate_shape / parameters.rate_scale_days,
        "mean_order_amount_of_others": mean,
        "mean_order_amount_of_loyal": mean * parameters.loyal_multiple,
    }


def _last_day(shop: Shop) -> date:
    moments = (shop.sessions.started_at, shop.events.occurred_at)
    last = max(int(to_local(m).max()) // DAY for m in moments)
    return day_of(max(last, int(shop.orders.placed_at.max()) // DAY))


def _rows(shop: Shop, clean: CleanOrders, delivered: list[Delivered]) -> dict[str, int]:
    orders, sessions = shop.orders, shop.sessions
    test = shop.people.is_test
    of_test = (orders.person >= 0) & test[orders.person]
    guests = orders.is_guest[clean.row]
    refunds = delivered[0].export.columns["State"].count("Credit note")
    return {
        "customers": int((~test).sum()),
        "test_customers": int(test.sum()),
        "orders_of_test_customers": int((of_test & (orders.status != CREDIT_NOTE)).sum()),
        "sessions_of_test_customers": int(test[sessions.person[sessions.person >= 0]].sum()),
        "cancelled_orders": int((orders.status == CANCELLED).sum()),
        "pending_orders": int((orders.status == PENDING).sum()),
        "refunded_orders": int((orders.status == REFUNDED).sum()),
        "refund_rows": refunds,
        "guest_orders_linked": int((guests & (clean.owner >= 0)).sum()),
        "guest_orders_unlinked": int((guests & (clean.owner < 0)).sum()),
        "sessions_without_ids": int(((sessions.visitor < 0) & (sessions.customer < 0)).sum()),
        "customers_with_first_order_before_sign_up": int(shop.people.orders_before_sign_up.sum()),
    }


def _totals(shop: Shop, clean: CleanOrders) -> dict[str, Any]:
    mine = clean.owner >= 0
    orphaned = clean.refund_target < 0

    def by_currency(amount: Any, currency: Any) -> dict[str, float]:
        sums = [int(amount[currency == index].sum()) for index in range(len(CURRENCIES))]
        return dict(zip(CURRENCIES, map(money, sums), strict=True))

    spent = np.zeros(len(shop.people), dtype=np.int64)
    np.add.at(spent, clean.owner[mine], clean.net[mine])
    buyers = np.unique(clean.owner[mine])
    loyal = shop.people.is_loyal[buyers]
    return {
        "customers_with_orders": int(buyers.size),
        "counted_orders": int(clean.row.size),
        "counted_orders_without_customer": int((~mine).sum()),
        "net_revenue_with_customer": by_currency(clean.net[mine], clean.currency[mine]),
        "net_revenue_without_customer": by_currency(clean.net[~mine], clean.currency[~mine]),
        "refund_rows": int(clean.refund_target.size),
        "refund_rows_of_customers_without_order": int(orphaned.sum()),
        "refunds_of_customers_without_order": by_currency(
            clean.refund_amount[orphaned], clean.refund_currency[orphaned]
        ),
        "loyal_multiple": round(
            float(spent[buyers[loyal]].mean() / spent[buyers[~loyal]].mean()), 4
        ),
    }


def _write_tables(folder: Path, shop: Shop, clean: CleanOrders) -> None:
    numbers = order_numbers(len(shop.orders))
    days = np.datetime_as_string(clean.day.astype("datetime64[D]")).tolist()
    write_table(
        folder / "orders.csv.gz",
        {
            "order_id": [numbers[row] for row in clean.row.tolist()],
            "customer_id": customer_ids(clean.owner),
            "ordered_date": days,
            "currency": pick(CURRENCIES, clean.currency),
            "net_amount": [money(value) for value in clean.net.tolist()],
        },
    )
    people = shop.people
    write_table(
        folder / "customers.csv.gz",
        {
            "customer_id": customer_ids(np.arange(len(people))),
            "is_test": people.is_test.astype(int).tolist(),
            "is_loyal": people.is_loyal.astype(int).tolist(),
            "is_alive": (shop.alive_until >= shop.parameters.end_day).astype(int).tolist(),
            "orders_per_day": people.rate.round(9).tolist(),
            "dropout_probability": people.dropout.round(9).tolist(),
            "visit_probability": people.visit_probability.round(9).tolist(),
        },
    )
