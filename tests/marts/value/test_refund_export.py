"""A refund export worked by hand. Orders and refunds are in pounds, the last day is 2024-04-30.

A  101 on 10 Jan of 100, 102 on 10 Feb of 50.
   Off 101: 30 by name, 5 paid before any order. Off 102: 10 that name no order, 5 that were pending
   first. Not: 20 rejected, 80 that do not fit beside the 30, 51 of an order of 50, one of a status
   nobody knows, one of an order nobody knows.
B  103 on 20 Jan of 80, its status says refunded, the refund row says 30 (and calls the customer Z).
C  104 on 5 Feb of 40, its status says refunded and no row tells of it: the whole is.
D  105 cancelled; a refund of it does not count either.
E  nothing but a refund of 7. And one of 3 for nobody.
"""

import datetime as dt

import pytest

from ...support.line import build_shop
from ...support.shops import Shop

ORDERS = """\
no,who,at,state,total
101,A,2024-01-10 10:00:00,paid,100
102,A,2024-02-10 10:00:00,paid,50
103,B,2024-01-20 10:00:00,refunded,80
104,C,2024-02-05 10:00:00,refunded,40
105,D,2024-03-01 10:00:00,void,60
"""
REFUNDS_MARCH = """\
id,no,who,state,total,at
r1,101,,approved,30,2024-02-15 10:00:00
r2,101,,approved,80,2024-02-20 10:00:00
r3,101,,rejected,20,2024-02-20 10:00:00
r4,,A,paid,10,2024-02-12 10:00:00
r5,,A,paid,5,2024-01-01 10:00:00
r6,103,Z,processed,30,2024-03-01 10:00:00
r7,999,A,approved,1,2024-03-01 10:00:00
r8,105,D,approved,1,2024-03-02 10:00:00
r9,102,A,lost,1,2024-03-01 10:00:00
r10,102,A,approved,51,2024-03-01 10:00:00
r11,,E,approved,7,2024-03-05 10:00:00
r12,,null,approved,3,2024-03-05 10:00:00
,102,A,pending,5,2024-02-13 10:00:00
"""
REFUNDS_MAY = """\
id,no,who,state,total,at
,102,A,approved,5,2024-02-13 10:00:00
"""
CONFIG = {
    "settings": {
        "base_currency": "GBP",
        "as_of_date": "2024-04-30",
        "stickiness_window_days": [400],
        "max_quarantined_share": 0.5,
    },
    "exports": {
        "orders": {
            "files": "orders_*.csv",
            "columns": {
                "order_id": "no",
                "customer_id": "who",
                "ordered_at": "at",
                "status": "state",
                "amount": "total",
            },
        },
        "refunds": {
            "files": "refunds_*.csv",
            "columns": {
                "refund_id": "id",
                "order_id": "no",
                "customer_id": "who",
                "status": "state",
                "amount": "total",
                "refunded_at": "at",
            },
        },
    },
}

#: What is built: the marts asked below, and what they are made of.
MARTS = ("cohort_value", "customer_value", "quarantine", "source_accounting", "stickiness")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("refunds")
    files = {
        "orders_2024-05-01.csv": ORDERS,
        "refunds_2024-03-10.csv": REFUNDS_MARCH,
        "refunds_2024-05-01.csv": REFUNDS_MAY,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return build_shop(folder, CONFIG, *MARTS)


def test_customers(shop: Shop) -> None:
    rows = shop.query(
        "select customer_id, orders, refunds, net_revenue from customer_value order by 1"
    )
    assert rows == [("A", 2, 50, 100), ("B", 1, 30, 50), ("C", 1, 40, 0), ("E", 0, 7, -7)]


def test_cohorts_in_both_views(shop: Shop) -> None:
    rows = shop.query(
        "select cohort_month, months_since_first_order, revenue, revenue_cash from cohort_value"
        " order by 1, 2"
    )
    january, february = dt.date(2024, 1, 1), dt.date(2024, 2, 1)
    assert rows == [
        (january, 0, (100 - 35) + (80 - 30), 100 + 80 - 5),
        (january, 1, 50 - 15, 50 - 30 - 10 - 5),
        (january, 2, 0, -30),
        (january, 3, 0, 0),
        (february, 0, 0, 0),
        (february, 1, 0, 0),
        (february, 2, 0, 0),
    ]


def test_accounting(shop: Shop) -> None:
    rows = shop.query(
        "select export, rows_in_files, rows_duplicate, rows_superseded, rows_quarantined,"
        " rows_used, rows_without_customer from source_accounting order by 1"
    )
    assert rows == [("orders", 5, 0, 0, 0, 5, 0), ("refunds", 14, 0, 1, 5, 8, 1)]
    money = shop.query(
        "select amount_in_files, amount_superseded, amount_quarantined, amount_not_counted,"
        " amount_refunded_by_status, amount_without_customer, amount_without_order,"
        " amount_in_cohorts from source_accounting order by export"
    )
    assert money == [(330, 0, 0, 60, 40, 0, 0, 230), (-249, -5, -134, -20, 0, -3, -7, -80)]
    assert shop.query("select sum(revenue) from cohort_value") == [(230 - 80,)]


def test_reasons(shop: Shop) -> None:
    rows = shop.query("select line, reason, raw_value from quarantine order by 1")
    assert [(line, reason) for line, reason, _ in rows] == [
        (3, "amount is above what is left of its order"),
        (8, "order_id names no order"),
        (9, "order_id names an order that does not count"),
        (10, "status is unknown"),
        (11, "amount is above its order"),
    ]
    assert [value for *_, value in rows] == ["80.0000", "999", "105", "lost", "51.0000"]


def test_a_window_longer_than_a_year_is_whole(shop: Shop) -> None:
    assert shop.query(
        "select count(*), max(days_active), sum(customers) from stickiness"
        " where activity = 'order' and \"window\" = 'trailing_400'"
    ) == [(400, 400, 3)]
