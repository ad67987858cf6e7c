"""Customers merged by the CRM, worked by hand. The last day is 2024-04-30.

A2 became A3, and A3 became A: one person with four orders, one of them as a guest on the device on
which A2 logged in. The sign-up is the earliest of the three, the country that of A3, the newest of
those that name one. X and Y point at each other: nobody is merged, their profiles are held back.
S points at itself, as some systems write it. T is a test customer, T2 was merged into T.
"""

import datetime as dt

import pytest

from ..support.line import build_shop
from ..support.shops import Shop

CUSTOMERS = """\
who,into,since,land,kind,changed
A,,2024-01-05 10:00:00,,,
A2,A3,2024-01-02 10:00:00,GB,,2024-02-01
A3,A,2024-01-04 10:00:00,FR,,2024-03-01
X,Y,2024-01-01 10:00:00,IT,,
Y,X,2024-01-01 10:00:00,IT,,
S,S,2024-01-01 10:00:00,ES,,
T,,2024-01-01 10:00:00,ES,staff,
T2,T,2024-01-01 10:00:00,ES,,
"""
ORDERS = """\
no,who,device,at,total
1,A2,,2024-01-10 10:00:00,100
2,A3,,2024-02-15 10:00:00,50
3,A,,2024-03-01 10:00:00,30
4,X,,2024-01-05 10:00:00,20
5,,v1,2024-01-07 10:00:00,25
6,S,,2024-01-08 10:00:00,40
7,T2,,2024-01-08 10:00:00,99
R1,A3,,2024-02-01 10:00:00,-10
"""
SESSIONS = """\
sid,device,who,at
s1,v1,A2,2024-01-08 09:00:00
s2,v1,A,2024-01-09 09:00:00
s3,v1,,2024-01-20 09:00:00
"""
CONFIG = {
    "settings": {
        "base_currency": "GBP",
        "as_of_date": "2024-04-30",
        "segments": ["country"],
        "max_quarantined_share": 0.5,
    },
    "exports": {
        "orders": {
            "files": "orders_*.csv",
            "columns": {
                "order_id": "no",
                "customer_id": "who",
                "anonymous_id": "device",
                "ordered_at": "at",
                "amount": "total",
            },
        },
        "sessions": {
            "files": "sessions_*.csv",
            "columns": {
                "session_id": "sid",
                "anonymous_id": "device",
                "customer_id": "who",
                "started_at": "at",
            },
        },
        "customers": {
            "files": "customers_*.csv",
            "columns": {
                "customer_id": "who",
                "merged_into": "into",
                "signed_up_at": "since",
                "country": "land",
                "updated_at": "changed",
                "is_test": {"sql": "kind = 'staff'"},
            },
        },
    },
}

#: What is built: the marts asked below, and what they are made of.
MARTS = ("active_customers", "cohort_retention", "customer_value", "quarantine")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("merges")
    texts = {"orders": ORDERS, "sessions": SESSIONS, "customers": CUSTOMERS}
    for name, text in texts.items():
        (folder / f"{name}_2024-05-01.csv").write_text(text, encoding="utf-8")
    return build_shop(folder, CONFIG, *MARTS)


def test_the_survivor_has_the_history_of_all(shop: Shop) -> None:
    rows = shop.query(
        "select customer_id, orders, refunds, net_revenue, first_order_date, last_order_date"
        " from customer_value order by 1"
    )
    assert rows == [
        ("A", 4, 10, 195, dt.date(2024, 1, 7), dt.date(2024, 3, 1)),
        ("S", 1, 0, 40, dt.date(2024, 1, 8), dt.date(2024, 1, 8)),
        ("X", 1, 0, 20, dt.date(2024, 1, 5), dt.date(2024, 1, 5)),
    ]


def test_one_person_signs_up_once_and_visits_as_one(shop: Shop) -> None:
    rows = shop.query(
        "select activity, activity_date, dau from active_customers"
        " where activity in ('signed_up', 'session') and segment_name = 'all' and dau > 0"
        " order by 1, 2"
    )
    assert rows == [
        ("session", dt.date(2024, 1, 8), 1),
        ("session", dt.date(2024, 1, 9), 1),
        ("session", dt.date(2024, 1, 20), 1),
        ("signed_up", dt.date(2024, 1, 1), 1),
        ("signed_up", dt.date(2024, 1, 2), 1),
    ]


def test_the_survivors_profile_is_filled_up(shop: Shop) -> None:
    rows = shop.query(
        "select segment_value, cohort_size from cohort_retention where period_number = 0"
        " and study = 'order_to_order' and period = 'month' and segment_name = 'country' order by 1"
    )
    assert rows == [("ES", 1), ("FR", 1), ("unknown", 1)]


def test_circles_and_test_customers_are_held_back(shop: Shop) -> None:
    rows = shop.query("select export, reason, raw_value from quarantine order by 1, 2, 3")
    assert rows == [
        ("customers", "merged_into is a cycle", "X"),
        ("customers", "merged_into is a cycle", "Y"),
        ("orders", "customer_id is a test customer", "T2"),
    ]
