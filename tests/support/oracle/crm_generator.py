"""What the customers of a random shop say, save up, recommend and redeem.

Rows fall on any day of the plan, after the day that counts too, and on the edges of days and
months; they are of merged, of test and of otherwise unknown customers as well. A running number in
the microseconds makes every moment one of its own: which of two rows is the later one is told.
"""

import datetime as dt
import random
from decimal import Decimal

from .exports import Exports
from .plans import Plan

CLOCK = ("00:00", "23:59", "12:00", "04:30", "18:15")


def draw_crm(rng: random.Random, plan: Plan, exports: Exports, shop: str) -> None:
    """Rows for the customers of a shop, and for one of whom nothing else is known."""
    rows = exports.rows
    orders = [
        row["order_id"]
        for row in rows["orders"]
        if (row["customer_id"] or "").startswith(shop) and row["amount"] >= 0
    ]
    customers = [f"{shop}-c{number}" for number in range(6)]

    def moment() -> dt.datetime:
        number = sum(len(rows[export]) for export in ("surveys", "loyalty_points", "coupons"))
        number += len(rows["referrals"])
        day = plan.first_day + dt.timedelta(days=rng.randrange(1, plan.days))
        if rng.random() < 0.2:
            day = max(day.replace(day=1), plan.first_day + dt.timedelta(days=1))
        clock = dt.time.fromisoformat(rng.choice(CLOCK))
        local = dt.datetime.combine(day, clock, plan.zone)
        return local.astimezone(dt.UTC).replace(tzinfo=None, microsecond=number)

    for customer in customers:
        for _ in range(rng.choice((0, 0, 1, 2, 3))):
            rows["surveys"].append(
                {
                    "customer_id": customer,
                    "survey": rng.choice(("nps", "nps", "delivery")),
                    "answered_at": moment(),
                    "score": rng.randrange(11),
                }
            )
        for _ in range(rng.choice((0, 0, 2, 5))):
            kind = rng.choice(("accrued", "accrued", "redeemed", "expired", "adjusted"))
            points = Decimal(rng.randrange(1, 900))
            if kind == "adjusted" or rng.random() < 0.3:
                points *= rng.choice((1, -1))
            rows["loyalty_points"].append(
                {"customer_id": customer, "occurred_at": moment(), "points": points, "kind": kind}
            )
        for _ in range(rng.choice((0, 0, 0, 1, 2))):
            invited_at = moment()
            whom = rng.choice((None, *customers))
            later = rng.choice((None, 0, 3, 30, 31))
            joined_at = None if later is None else invited_at + dt.timedelta(days=later)
            if whom != customer:
                rows["referrals"].append(
                    {
                        "referrer_id": customer,
                        "invited_at": invited_at,
                        "invited_customer_id": whom,
                        "joined_at": joined_at,
                    }
                )
        for _ in range(rng.choice((0, 0, 1, 2))):
            rows["coupons"].append(
                {
                    "customer_id": customer,
                    "coupon_code": rng.choice(("TEN", "SPRING", "WELCOME")),
                    "redeemed_at": moment(),
                    "order_id": rng.choice((*orders[:3], "no such order")),
                    "campaign": rng.choice((None, "spring", "welcome")),
                }
            )
