"""Elapsed spans beside calendar days, over a night that lasts 23 hours, with a day that is missing.

Events come in a file a day, 25 March to 5 April 2024; that of 29 March never came. Days are
London's, where clocks went forward on 31 March at 01:00. All times here are UTC.

P  views on the 26th at 23:45 and on the 27th at 00:01: day 1 of the calendar, within 24 hours.
Q  views on the 30th at 23:30 and on the 31st at 23:15, which is 00:15 on 1 April in London: day 2
   of the calendar, within 24 hours.
R  views on the 25th at 12:00, on the 26th at 11:59 and again at 12:00; buys for 10 on the 27th at
   12:00, and gets 4 back on 2 April.
"""

import datetime as dt
from decimal import Decimal

import pytest

from ...support.line import build_shop
from ...support.shops import Shop

VIEWS = [
    ("P", "2024-03-26 23:45:00"),
    ("P", "2024-03-27 00:01:00"),
    ("Q", "2024-03-30 23:30:00"),
    ("Q", "2024-03-31 23:15:00"),
    ("R", "2024-03-25 12:00:00"),
    ("R", "2024-03-26 11:59:00"),
    ("R", "2024-03-26 12:00:00"),
]
FIRST, LAST = dt.date(2024, 3, 25), dt.date(2024, 4, 5)
LOST = dt.date(2024, 3, 29)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("elapsed")
    day = FIRST
    while day <= LAST:
        lines = [f"{who},view,{at}\n" for who, at in VIEWS if at.startswith(str(day))]
        lines.append(f",beat,{day} 06:00:00\n")  # a visitor without any id
        if day != LOST:
            (folder / f"events_{day}.csv").write_text(
                "who,what,at\n" + "".join(lines), encoding="utf-8"
            )
        day += dt.timedelta(days=1)
    (folder / "orders.csv").write_text(
        "no,who,at,sum\n1,R,2024-03-27 12:00:00,10\n", encoding="utf-8"
    )
    (folder / "refunds.csv").write_text("no,at,sum\n1,2024-04-02 09:00:00,4\n", encoding="utf-8")
    config = {
        "settings": {"business_time_zone": "Europe/London", "max_days_without_rows": 30},
        "exports": {
            "events": {
                "files": "events_*.csv",
                "columns": {"customer_id": "who", "event_name": "what", "occurred_at": "at"},
            },
            "orders": {
                "files": "orders.csv",
                "delivered_at": LAST,
                "columns": {
                    "order_id": "no",
                    "customer_id": "who",
                    "ordered_at": "at",
                    "amount": "sum",
                },
            },
            "refunds": {
                "files": "refunds.csv",
                "delivered_at": LAST,
                "columns": {"order_id": "no", "refunded_at": "at", "amount": "sum"},
            },
        },
        "studies": [
            {"name": "calendar", "start": "view", "return": "view"},
            {"name": "elapsed", "start": "view", "return": "view", "bucket": "elapsed"},
            {
                "name": "elapsed_again",
                "start": "view",
                "return": "view",
                "bucket": "elapsed",
                "entry": "recurring",
                "min_occurrences": 2,
            },
        ],
    }
    return build_shop(folder, config, "cohort_retention", "active_customers", "lifecycle")


def returned(shop: Shop, study: str, cohort: str) -> list[int]:
    """The offsets, in days, at which anybody of a daily cohort came back."""
    rows = shop.query(
        "select period_number from cohort_retention where study = ? and period = 'day'"
        " and cohort_start = ? and retained_customers > 0 order by 1",
        study,
        cohort,
    )
    return [number for (number,) in rows]


@pytest.mark.parametrize(
    ("cohort", "calendar", "elapsed"),
    [
        ("2024-03-26", [0, 1], [0]),  # 16 minutes over midnight
        ("2024-03-30", [0, 2], [0]),  # 23 h 45 min over the short night
        ("2024-03-25", [0, 1], [0, 1]),  # 23 h 59 min, and 24 hours to the second
    ],
)
def test_calendar_days_and_elapsed_spans(
    shop: Shop, cohort: str, calendar: list[int], elapsed: list[int]
) -> None:
    assert returned(shop, "calendar", cohort) == calendar
    assert returned(shop, "elapsed", cohort) == elapsed


def test_recurring_entries_count_from_the_first_start_of_each_period(shop: Shop) -> None:
    """On the 26th R enters at 11:59 and views again within the span; P, at 23:45, does so too."""
    rows = shop.query(
        "select cohort_start, cohort_size, retained_customers, retained_on_or_after"
        " from cohort_retention where study = 'elapsed_again' and period = 'day'"
        " and period_number = 1 and cohort_size > 0 order by 1"
    )
    sizes = {day.isoformat(): counts for day, *counts in rows}
    # from the 25th at 12:00, the second span holds only one view (the 26th, 12:00): two are asked
    assert sizes["2024-03-25"] == [1, 0, 0]
    assert sizes["2024-03-26"] == [2, 0, 0]
    assert sizes["2024-03-27"] == [1, 0, 0]


def test_revenue_of_a_span_is_net_of_what_came_back_later(shop: Shop) -> None:
    """The order lies 48 hours after R's start; its refund counts there, not in April."""
    rows = shop.query(
        "select study, period_number, revenue from cohort_retention where period = 'day'"
        " and study in ('calendar', 'elapsed') and revenue <> 0 order by 1"
    )
    assert rows == [("calendar", 2, Decimal(6)), ("elapsed", 2, Decimal(6))]


def test_a_day_whose_file_never_came_leaves_its_cells_open(shop: Shop) -> None:
    reasons = dict(
        shop.query(
            "select period_number, incomplete_reason from cohort_retention where study = 'calendar'"
            " and period = 'day' and cohort_start = '2024-03-25' order by 1"
        )
    )
    assert reasons == {n: "no events of 2024-03-29" if n == 4 else None for n in range(12)}
    # Spans from 12:00 to 12:00 touch the day twice, and the last ones reach beyond the data: who
    # started at 23:59 ends span 10 after 264 hours, at 00:59 on 6 April, since a night had 23.
    spans = dict(
        shop.query(
            "select period_number, incomplete_reason from cohort_retention where study = 'elapsed'"
            " and period = 'day' and cohort_start = '2024-03-25' order by 1"
        )
    )
    beyond = "the span ends after as_of_date for some of the cohort"
    gap = "no events of 2024-03-29"
    assert spans == {n: gap if n in (3, 4) else beyond if n >= 10 else None for n in range(12)}


def test_only_what_needs_the_missing_day_is_incomplete(shop: Shop) -> None:
    flags = shop.query(
        "select activity, dau_is_complete, wau_is_complete from active_customers"
        " where segment_name = 'all' and activity in ('view', 'order', 'any')"
        " and activity_date = ? order by 1",
        LOST,
    )
    assert flags == [("any", False, False), ("order", True, False), ("view", False, False)]
    whole = shop.query(
        "select period_start, is_complete from lifecycle where activity = 'view'"
        " and segment_name = 'all' and period = 'day'"
        " and period_start between '2024-03-28' and '2024-03-31' order by 1"
    )
    assert [is_complete for _, is_complete in whole] == [True, False, False, True]
