"""Four warehouses of fifty shops each, with unlike settings."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Plan:
    """What the shops of one warehouse have in common.

    `clock_changes` are moments (UTC) at which the business time zone changes its offset.
    """

    seed: int
    shops: int
    first_day: dt.date
    days: int
    clock_changes: tuple[dt.datetime, ...]
    settings: dict[str, Any]
    studies: list[dict[str, Any]]
    has_sessions: bool = True
    has_crm: bool = False
    missing_days: dict[str, list[str]] = field(default_factory=dict)

    @property
    def last_day(self) -> dt.date:
        """The last day on which anything but refunds happens."""
        return self.first_day + dt.timedelta(days=self.days - 1)

    @property
    def zone(self) -> ZoneInfo:
        """The business time zone."""
        return ZoneInfo(self.settings["business_time_zone"])


SMALL = {
    "last_day_is_partial": False,
    "base_currency": "GBP",
    "segments": ["shop"],
    "retention_days": 9,
    "retention_weeks": 6,
    "retention_months": 3,
    "landmark_day": 5,
    "effect_horizon_days": 20,
    # so small a shop may be broken in any share and silent for any time
    "max_quarantined_share": 1.0,
    "max_unknown_customers_share": 1.0,
    "volume_min_rows": 1_000_000,
}
STUDIES: list[dict[str, Any]] = [
    {"name": "viewed_to_order", "start": "viewed", "return": "order", "entry": "recurring"},
    {"name": "any_again", "start": "any", "return": "any", "entry": "recurring"},
    {"name": "twice", "start": "session", "return": "viewed", "min_occurrences": 2},
    {"name": "spans", "start": "order", "return": "order", "bucket": "elapsed"},
    {
        "name": "spans_again",
        "start": "viewed",
        "return": "any",
        "entry": "recurring",
        "min_occurrences": 2,
        "bucket": "elapsed",
    },
    {"name": "favourited_to_any", "start": "favourited", "return": "any", "min_occurrences": 2},
]


def moments(*texts: str) -> tuple[dt.datetime, ...]:
    return tuple(dt.datetime.fromisoformat(text) for text in texts)


PLANS = {
    "london": Plan(  # ends on a Sunday, a week after the night that has 23 hours
        seed=1,
        shops=50,
        first_day=dt.date(2024, 1, 4),
        days=95,
        clock_changes=moments("2024-03-31 01:00"),
        settings={
            **SMALL,
            "business_time_zone": "Europe/London",
            "churn_after_days": 14,
            "left_truncation_days": 20,
        },
        studies=STUDIES,
        has_crm=True,
    ),
    "new_york": Plan(  # the figures are for a day before the last, and weeks start on Sunday
        seed=2,
        shops=50,
        first_day=dt.date(2023, 9, 25),
        days=100,
        clock_changes=moments("2023-11-05 06:00"),
        settings={
            **SMALL,
            "business_time_zone": "America/New_York",
            "week_starts_on": "sunday",
            "as_of_date": "2023-12-20",
            "churn_after_days": 30,
            "left_truncation_days": 7,
        },
        studies=STUDIES,
        has_crm=True,
    ),
    "lord_howe": Plan(  # half an hour of summer time; the last day is not over
        seed=3,
        shops=50,
        first_day=dt.date(2024, 2, 14),
        days=77,
        clock_changes=moments("2024-04-06 15:00"),
        settings={
            **SMALL,
            "business_time_zone": "Australia/Lord_Howe",
            "week_starts_on": "sunday",
            "last_day_is_partial": True,
            "churn_after_days": 5,
            "left_truncation_days": 0,
            "stickiness_window_days": [5],
        },
        studies=STUDIES,
        missing_days={"sessions": ["2024-03-05", "2024-04-06"]},
    ),
    "utc": Plan(  # sessions are built from events; the last day is the last of its month
        seed=4,
        shops=50,
        first_day=dt.date(2023, 12, 28),
        days=95,
        clock_changes=(),
        settings={
            **SMALL,
            "business_time_zone": "UTC",
            "as_of_date": "2024-03-31",
            "history_starts_on": "2024-01-10",
            "churn_after_days": 21,
            "left_truncation_days": 30,
        },
        studies=STUDIES,
        has_sessions=False,
        missing_days={"orders": ["2024-02-20"]},
    ),
}
