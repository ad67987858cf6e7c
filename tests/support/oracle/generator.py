"""Random small shops, many in one warehouse: each is a value of the customer segment `shop`.

A shop is two to six customers who come in bursts with gaps between them, some of them at midnight,
at a quarter to it and in the hours in which the clocks change. They come logged in or not, on
devices that they share, register before, after or never, and get money back, with and without an
order. Rows also come in two versions, are of test customers, or lie after the day that counts.
"""

import datetime as dt
import random
from dataclasses import dataclass
from decimal import Decimal

from .crm_generator import draw_crm
from .exports import Exports, Row
from .plans import Plan

EVENTS = ("viewed", "viewed", "viewed", "favourited", "app_installed", "signed_up", "order")
CLOCK = ("00:00", "00:01", "23:45", "23:59", "12:00", "01:30", "02:30")


def draw(plan: Plan) -> Exports:
    """The shops of a plan; the first and the last day hold an order each."""
    exports = Exports()
    for number in range(plan.shops):
        rng = random.Random(f"{plan.seed}-{number}")
        _Shop(rng, plan, exports, f"s{number:03}").draw()
        if plan.has_crm:
            draw_crm(random.Random(f"{plan.seed}-{number}-crm"), plan, exports, f"s{number:03}")
    for number, day in enumerate((plan.first_day, plan.last_day)):
        exports.rows["orders"].append(
            {
                "order_id": f"end{number}",
                "customer_id": "first and last",
                "ordered_at": _local(plan, day, "12:00"),
                "status": "paid",
                "amount": Decimal("10.00"),
            }
        )
    return exports


def _local(plan: Plan, day: dt.date, clock: str) -> dt.datetime:
    local = dt.datetime.combine(day, dt.time.fromisoformat(clock), plan.zone)
    return local.astimezone(dt.UTC).replace(tzinfo=None)


@dataclass
class _Shop:
    rng: random.Random
    plan: Plan
    exports: Exports
    name: str

    def draw(self) -> None:
        customers = [f"{self.name}-c{i}" for i in range(self.rng.randint(2, 6))]
        for customer in customers:
            if self.rng.random() < 0.9:
                self._profile(customer, customers)
            kind = self.rng.random()
            if kind < 0.06:
                self._refund(customer, None, self._moment())
            elif kind < 0.94:  # the others registered at most
                device = self.rng.choice((customer, customer, customers[0]))
                self._life(customer, f"d-{device}")

    def _profile(self, customer: str, customers: list[str]) -> None:
        signed_up = self._moment() - dt.timedelta(days=self.rng.choice((0, 0, 5, 40, 70)))
        merged = customer != customers[0] and self.rng.random() < 0.05
        self.exports.rows["customers"].append(
            {
                "customer_id": customer,
                "shop": self.name,
                "signed_up_at": signed_up if self.rng.random() < 0.85 else None,
                "merged_into": customers[0] if merged else None,
                "is_test": "true" if not merged and self.rng.random() < 0.02 else "false",
            }
        )

    def _moment(self) -> dt.datetime:
        """A moment within the days of the plan, in UTC."""
        if self.plan.clock_changes and self.rng.random() < 0.08:
            change = self.rng.choice(self.plan.clock_changes)
            return change + dt.timedelta(minutes=self.rng.choice((-61, -60, -1, 0, 30, 60, 90)))
        day = self.plan.first_day + dt.timedelta(days=self.rng.randrange(self.plan.days))
        clock = f"{self.rng.randrange(24):02}:{self.rng.randrange(60):02}"
        return _local(self.plan, day, self.rng.choice((clock, clock, *CLOCK)))

    def _end(self) -> dt.datetime:
        """No visit begins later: its rows shall lie on the last day too."""
        return _local(self.plan, self.plan.last_day, "21:00")

    def _life(self, customer: str, device: str) -> None:
        """Bursts of visits with gaps between them."""
        visits: set[dt.datetime] = set()
        for _ in range(self.rng.randint(1, 3)):
            at = self._moment()
            for _ in range(self.rng.choice((1, 1, 2, 4, 7))):
                visits.add(at)
                pause = self.rng.choice((0.2, 1, 1, 1, 2, 3, 7, 12))
                at += dt.timedelta(days=pause, minutes=self.rng.choice((0, 0, -31, 16, 47)))
        start = _local(self.plan, self.plan.first_day, "00:00")
        for visit in sorted(visits):
            if start <= visit < self._end():
                self._visit(customer, self._who(customer, device), visit)
                if self.rng.random() < 0.05:
                    self._guest(f"{self.name}-c0", customer, device, visit)

    def _guest(self, guest: str, customer: str, device: str, at: dt.datetime) -> None:
        """Two log in on one device at the same moment; who comes after that does not say who."""
        for who in (guest, customer, None):
            self._visit(customer, {"customer_id": who, "anonymous_id": device}, at)
            at += dt.timedelta(hours=who == customer)

    def _who(self, customer: str, device: str) -> Row:
        """How the rows of a visit name who it is: logged in, on a device, or both."""
        known = self.rng.random()
        return {
            "customer_id": customer if known < 0.75 else None,
            "anonymous_id": device if known > 0.35 else None,
        }

    def _visit(self, customer: str, who: Row, at: dt.datetime) -> None:
        """A session with events and, one time in three, an order."""
        rows = self.exports.rows
        session = f"v{len(rows['events'])}-{len(rows['orders'])}"
        if self.plan.has_sessions and self.rng.random() < 0.8:
            number = len(rows["sessions"])
            rows["sessions"].append({"session_id": f"v{number}", "started_at": at, **who})
            session = f"v{number}"
        in_session = self.rng.random() < 0.8
        minute = 0
        for _ in range(self.rng.choice((0, 1, 1, 2, 3))):
            name = "session" if self.rng.random() < 0.02 else self.rng.choice(EVENTS)
            rows["events"].append(
                {
                    "event_id": f"e{len(rows['events'])}",
                    "session_id": session if in_session else None,
                    "event_name": name,
                    "occurred_at": at + dt.timedelta(minutes=minute),
                    **who,
                }
            )
            minute += self.rng.choice((0, 1, 1, 2, 14, 30, 31))
        if self.rng.random() < 0.35:
            self._order(customer, who, at + dt.timedelta(minutes=self.rng.choice((0, 1, 9, 20))))

    def _order(self, customer: str, who: Row, at: dt.datetime) -> None:
        rows = self.exports.rows
        order = {
            "order_id": f"o{len(rows['orders'])}",
            "ordered_at": at,
            "status": self.rng.choice(("paid",) * 12 + ("void", "waiting", "back")),
            "amount": Decimal(self.rng.choice((0, *[self.rng.randrange(1, 9000)] * 9))) / 100,
            "updated_at": at,
            **who,
        }
        if order["status"] in ("void", "waiting"):  # whether these are a login is not defined
            order |= {"customer_id": customer, "anonymous_id": None}
        rows["orders"].append(order)
        if self.rng.random() < 0.1:
            newer = {"amount": order["amount"] + 5, "updated_at": at + dt.timedelta(hours=3)}
            rows["orders"].append(order | newer)
        if order["status"] in ("paid", "back") and order["amount"] > 0 and self.rng.random() < 0.15:
            self._refund(customer, order, at + dt.timedelta(days=self.rng.randrange(40), hours=1))
        if self.rng.random() < 0.05:
            later = at + dt.timedelta(days=self.rng.choice((-3, 0, 0, 1, 20)))
            self._refund(customer, None, later)
        credited_at = at + dt.timedelta(days=self.rng.randrange(30), hours=2)
        if self.rng.random() < 0.04 and credited_at < self._end():
            rows["orders"].append(
                {
                    "order_id": f"o{len(rows['orders'])}",
                    "customer_id": customer,
                    "ordered_at": credited_at,
                    "status": "paid",
                    "amount": Decimal("-1.25"),
                }
            )

    def _refund(self, customer: str, order: Row | None, at: dt.datetime) -> None:
        rows = self.exports.rows["refunds"]
        amount = Decimal(self.rng.randrange(1, 2000)) / 100
        share = Decimal(self.rng.choice(("1", "0.5")))
        rows.append(
            {
                "refund_id": f"r{len(rows)}",
                "order_id": order["order_id"] if order else None,
                "customer_id": customer if not order or self.rng.random() < 0.5 else None,
                "status": self.rng.choice(("given",) * 9 + ("asked",)),
                "amount": order["amount"] * share if order else amount,
                "refunded_at": at,
            }
        )
