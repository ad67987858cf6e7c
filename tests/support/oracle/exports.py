"""Exports as a shop would write them: their columns, their words for a state, their files."""

import csv
import datetime as dt
import random
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .plans import Plan

Row = dict[str, Any]

COLUMNS: dict[str, list[str]] = {
    "orders": [
        "order_id", "customer_id", "anonymous_id", "ordered_at", "status", "amount", "updated_at",
    ],
    "refunds": ["refund_id", "order_id", "customer_id", "status", "amount", "refunded_at"],
    "sessions": ["session_id", "customer_id", "anonymous_id", "started_at"],
    "events": [
        "event_id", "session_id", "customer_id", "anonymous_id", "event_name", "occurred_at",
    ],
    "customers": ["customer_id", "shop", "signed_up_at", "merged_into", "is_test"],
    "surveys": ["customer_id", "survey", "answered_at", "score"],
    "loyalty_points": ["customer_id", "occurred_at", "points", "kind"],
    "referrals": ["referrer_id", "invited_at", "invited_customer_id", "joined_at"],
    "coupons": ["customer_id", "coupon_code", "redeemed_at", "order_id", "campaign"],
}  # fmt: skip
STATUSES = {"paid": "counted", "void": "cancelled", "waiting": "pending", "back": "refunded"}
REFUND_STATUSES = {"given": "counted", "asked": "pending"}
#: Of each export of behaviour, when it happened.
TIMES = {"orders": "ordered_at", "sessions": "started_at", "events": "occurred_at"}


@dataclass
class Exports:
    """Rows of all shops by export, as they are written; moments are in UTC."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def write(self, folder: Path, plan: Plan) -> dict[str, Any]:
        """Write one file per export; return the `exports.yml` that reads them."""
        exports: dict[str, Any] = {}
        for export, columns in COLUMNS.items():
            if not (rows := self.rows[export]):
                continue
            with (folder / f"{export}.csv").open("w", newline="") as file:
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(random.Random(plan.seed).sample(rows, len(rows)))
            exports[export] = {
                "files": f"{export}.csv",
                "delivered_at": str(plan.first_day + dt.timedelta(days=plan.days + 60)),
                "columns": {column: column for column in columns},
            }
        for export, days in plan.missing_days.items():
            exports[export]["missing_days"] = days
        exports["orders"]["status_map"] = STATUSES
        exports["refunds"]["status_map"] = REFUND_STATUSES
        return {"settings": plan.settings, "exports": exports, "studies": plan.studies}
