"""A dozen customers worked by hand, through the whole line, figure by figure.

Orders are in UTC, business days in London, 30 days of silence end a customer, and the last day is
2024-04-30. Who is who:

A  10 Jan 100 (10 off), 15 Feb 50, 20 Feb 30. Registered in 2023.
   Lost on 9 Feb, back on 15 Feb, lost on 21 Mar.
B  31 Jan 40, 15 of it refunded on 10 Feb by a credit note that names no order.
C  31 Mar 23:30 UTC 20: that is 1 April, 00:30, in London.
D  5 Feb 99 cancelled, 7 Feb 0: zero is an order, cancelled is none.
E  8 Feb 25, as a guest on device v1, on which E logged in on 1 March.
F  1 Feb 80, refunded whole.
G  5 Jan 100 euros, 86.21 pounds at the rate of that day.
H  20 Jan 70, corrected later to 75.
I  nothing but a refund of 5, on 15 Jan.
J  a test customer.
K  10 Mar 10, pending to this day.
L  an order in the future.
And one order of 60 by nobody.
"""

import datetime as dt
from decimal import Decimal

import pytest

from dagster_project.warehouse.dbt_runner import Dbt

from ..support.shops import Shop, run_shop

ORDERS_MARCH = """\
no,who,device,at,state,cur,total,off,changed
1001,A,,2024-01-10 10:00:00,paid,GBP,100,10,2024-01-10 10:00:00
1002,A,,2024-02-15 10:00:00,paid,GBP,50,,2024-02-15 10:00:00
1003,A,,2024-02-20 10:00:00,paid,GBP,30,,2024-02-20 10:00:00
1004,B,,2024-01-31 23:30:00,paid,GBP,40,,2024-01-31 23:30:00
R1,B,,2024-02-10 10:00:00,paid,GBP,-15,,2024-02-10 10:00:00
1006,D,,2024-02-05 10:00:00,void,GBP,99,,2024-02-05 10:00:00
1007,D,,2024-02-07 10:00:00,paid,GBP,0,,2024-02-07 10:00:00
1008,,v1,2024-02-08 10:00:00,paid,GBP,25,,2024-02-08 10:00:00
1009,,,2024-03-03 10:00:00,paid,GBP,60,,2024-03-03 10:00:00
1010,F,,2024-02-01 10:00:00,refunded,GBP,80,,2024-02-01 10:00:00
1011,G,,2024-01-05 10:00:00,paid,EUR,100,,2024-01-05 10:00:00
1012,H,,2024-01-20 10:00:00,paid,GBP,70,,2024-01-20 10:00:00
R2,I,,2024-01-15 10:00:00,paid,GBP,-5,,2024-01-15 10:00:00
1013,J,,2024-02-02 10:00:00,paid,GBP,500,,2024-02-02 10:00:00
9999,A,,the other day,paid,GBP,12,,2024-02-20 10:00:00
"""
ORDERS_MAY = """\
no,who,device,at,state,cur,total,off,changed
1003,A,,2024-02-20 10:00:00,paid,GBP,30,,2024-02-20 10:00:00
1012,H,,2024-01-20 10:00:00,paid,GBP,75,,2024-04-02 10:00:00
1005,C,,2024-03-31 23:30:00,paid,GBP,20,,2024-03-31 23:30:00
1014,K,,2024-03-10 10:00:00,waiting,GBP,10,,2024-03-10 10:00:00
1015,L,,2024-06-01 10:00:00,paid,GBP,33,,2024-06-01 10:00:00
"""
SESSIONS = """\
sid\tdevice\twho\tfrom\tto
s1\tv1\t\t2024-02-08T09:00:00Z\t2024-02-08T09:30:00Z
s2\tv1\tE\t2024-03-01T09:00:00Z\t
s3\tv1\t\t2024-03-05T09:00:00Z\t
s4\tv1\tA\t2024-03-10T09:00:00Z\t
s5\tv1\t\t2024-03-12T09:00:00Z\t
s6\tv9\t\t2024-03-12T09:00:00Z\t
s7\t\t\t2024-03-12T09:00:00Z\t
s8\t\tA\t2024-03-31T00:30:00+01:00\t
s9\t\tA\t2024-03-31T23:30:00Z\t
s10\t\tB\t2024-03-12T09:00:00Z\t2024-03-12T08:00:00Z
"""
EVENTS = """\
{"id": "e1", "who": "E", "what": "favourited", "when": "2024-02-08T09:10:00Z"}
{"id": "e2", "who": "A", "what": "session", "when": "2024-03-12T09:10:00Z"}
{"id": "e3", "what": "favourited", "when": "2024-03-12T09:10:00Z"}
"""
CUSTOMERS = """\
who;mail;since;kind;land
A;a@shop.example;2023-12-25 08:00:00;person;GB
B;b@shop.example;2024-01-31 08:00:00;person;GB
G;g@shop.example;2024-01-05 08:00:00;person;DE
J;j@shop.example;2024-02-02 08:00:00;staff;GB
"""
EXPORTS = {
    "orders": {
        "files": "orders_*.csv",
        "status_map": {"paid": "counted", "void": "cancelled", "waiting": "pending"},
        "columns": {
            "order_id": "no",
            "customer_id": "who",
            "anonymous_id": "device",
            "ordered_at": "at",
            "status": "state",
            "currency": "cur",
            "amount": "total",
            "discount_amount": "off",
            "updated_at": "changed",
        },
    },
    "sessions": {
        "files": "sessions_*.tsv",
        "columns": {
            "session_id": "sid",
            "anonymous_id": "device",
            "customer_id": "who",
            "started_at": "from",
            "ended_at": "to",
        },
    },
    "events": {
        "files": "events_*.jsonl",
        "columns": {
            "event_id": "id",
            "customer_id": "who",
            "event_name": "what",
            "occurred_at": "when",
        },
    },
    "customers": {
        "files": "customers_*.csv",
        "columns": {
            "customer_id": "who",
            "email": "mail",
            "signed_up_at": "since",
            "is_test": {"sql": "kind = 'staff'"},
            "country": "land",
        },
    },
}
SETTINGS = {
    "business_time_zone": "Europe/London",
    "base_currency": "GBP",
    "churn_after_days": 30,
    "segments": ["country"],
    "as_of_date": "2024-04-30",
    # every broken row here is one of few
    "max_rejected_share": 0.1,
    "max_quarantined_share": 0.2,
}
EUROS = Decimal("86.2100")  # 100 euros, at the 0.8621 pounds of 2024-01-05


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("dozen")
    files = {
        "orders_2024-03-15.csv": ORDERS_MARCH,
        "orders_2024-05-01.csv": ORDERS_MAY,
        "sessions_2024-05-01.tsv": SESSIONS,
        "events_2024-05-01.jsonl": EVENTS,
        "customers_2024-05-01.csv": CUSTOMERS,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    shop = run_shop(folder, {"settings": SETTINGS, "exports": EXPORTS})
    assert shop.result.success
    return shop


def month(number: int) -> dt.date:
    return dt.date(2024, number, 1)


def test_cohorts(shop: Shop) -> None:
    rows = shop.query(
        "select cohort_start, period_number, cohort_size, retained_customers,"
        " retained_on_or_after, revenue, is_complete from cohort_retention"
        " where study = 'order_to_order' and period = 'month' and segment_name = 'all'"
        " order by 1, 2"
    )
    january = 100 + (40 - 15) + EUROS + 75
    assert rows == [
        (month(1), 0, 4, 4, 4, january, True),
        (month(1), 1, 4, 1, 1, 80, True),
        (month(1), 2, 4, 0, 0, 0, True),
        (month(1), 3, 4, 0, 0, 0, True),
        (month(2), 0, 3, 3, 3, 25, True),
        (month(2), 1, 3, 0, 0, 0, True),
        (month(2), 2, 3, 0, 0, 0, True),
        (month(4), 0, 1, 1, 1, 20, True),
    ]


def test_pooled_curve(shop: Shop) -> None:
    rows = shop.query(
        "select period_number, eligible_customers, retained_customers, retention_rate"
        " from retention_curve"
        " where study = 'order_to_order' and period = 'month' and segment_name = 'all' order by 1"
    )
    assert rows == [(0, 8, 8, 1.0), (1, 7, 1, 1 / 7), (2, 7, 0, 0.0), (3, 4, 0, 0.0)]


def test_registered_before_anything_else(shop: Shop) -> None:
    rows = shop.query(
        "select cohort_start, period_number, retained_customers from cohort_retention"
        " where study = 'signed_up_to_order' and period = 'month' and segment_name = 'all'"
        " and cohort_start = date '2023-12-01' order by 2"
    )
    assert [row[2] for row in rows] == [1, 1, 1, 0, 0]


def test_segments_add_up_to_all(shop: Shop) -> None:
    rows = shop.query(
        "select segment_value, cohort_size from cohort_retention where period_number = 0"
        " and study = 'order_to_order' and period = 'month' and cohort_start = date '2024-01-01'"
        " and segment_name = 'country' order by 1"
    )
    assert rows == [("DE", 1), ("GB", 2), ("unknown", 1)]


def test_churn(shop: Shop) -> None:
    rows = shop.query(
        "select month, opening_customers, new_customers, reactivated_customers, churned_customers,"
        " closing_customers, churn_rate, churn_rate_net, churn_rate_of_start_and_new,"
        " customer_retention_rate from monthly_churn where base = 'order'"
        " and month >= date '2024-01-01' order by 1"
    )
    assert rows == [
        # nobody could churn before 4 February, 30 days after the history began
        (month(1), 0, 4, 0, 0, 4, None, None, None, None),
        (month(2), 4, 3, 1, 3, 5, None, None, None, None),
        (month(3), 5, 0, 0, 5, 0, 1.0, 1.0, 1.0, 0.0),
        (month(4), 0, 1, 0, 0, 1, None, None, 0.0, None),
    ]


def test_lifespan(shop: Shop) -> None:
    rows = shop.query(
        "select days, at_risk, ended, survival from lifespan_survival"
        " where segment = 'all' and days in (0, 29, 30, 31) order by 1"
    )
    assert rows == [(0, 8, 0, 1), (29, 8, 0, 1), (30, 7, 7, 0)]
    (summary,) = shop.query(
        "select customers, ended_customers, resumed_customers, median_days, horizon_days,"
        " restricted_mean_days, one_over_churn_days from lifespan_summary where segment = 'all'"
    )
    assert summary[:5] == (8, 7, 1, 30, 31)
    assert summary[5:] == pytest.approx((30, (29 + 7 * 30) / 7))


def test_customer_value(shop: Shop) -> None:
    rows = shop.query(
        "select customer_id, orders, gross_revenue, discounts, refunds, net_revenue, frequency,"
        " recency_days, age_days, monetary_value, days_since_last_order, cohort_month"
        " from customer_value order by 1"
    )
    assert rows == [
        ("A", 3, 190, 10, 0, 180, 2, 41, 111, 40.0, 70, month(1)),
        ("B", 1, 40, 0, 15, 25, 0, 0, 90, None, 90, month(1)),
        ("C", 1, 20, 0, 0, 20, 0, 0, 29, None, 29, month(4)),
        ("D", 1, 0, 0, 0, 0, 0, 0, 83, None, 83, month(2)),
        ("E", 1, 25, 0, 0, 25, 0, 0, 82, None, 82, month(2)),
        ("F", 1, 80, 0, 80, 0, 0, 0, 89, None, 89, month(2)),
        ("G", 1, EUROS, 0, 0, EUROS, 0, 0, 116, None, 116, month(1)),
        ("H", 1, 75, 0, 0, 75, 0, 0, 101, None, 101, month(1)),
        ("I", 0, 0, 0, 5, -5, None, None, None, None, None, None),
    ]


def test_so_few_customers_are_not_predicted_and_told_why(shop: Shop) -> None:
    reason = "customers who bought again: 1, fewer than 100 (prediction_min_repeat_customers)"
    rows = shop.query(
        "select horizon_days, verdict, reason, value_reason, predicted_orders, r"
        " from prediction_verdict where not is_whole_holdout order by 1"
    )
    assert rows == [(n, "not judged", reason, reason, None, None) for n in (30, 90, 365)]
    assert shop.query(
        "select distinct orders > 0, prediction_reason, probability_alive, expected_orders_30,"
        " predicted_value_365 from customer_value order by 1"
    ) == [(False, "no order", None, None, None), (True, f"30 days: {reason}", None, None, None)]
    assert shop.query("select count(*) from prediction_lift") == [(0,)]
    # 117 days are 16 weeks, and 8 of them end on 29 February; A's third order was on the 20th
    assert shop.query(
        "select count(*), count(*) filter (where is_holdout), max(actual_orders)"
        " from prediction_tracking"
    ) == [(16, 8, 2)]


def test_cohort_value_in_both_views(shop: Shop) -> None:
    rows = shop.query(
        "select months_since_first_order, revenue, revenue_cash, cumulative_revenue,"
        " cumulative_revenue_cash, cumulative_revenue_per_customer from cohort_value"
        " where cohort_month = date '2024-01-01' order by 1"
    )
    ordered = 100 + 40 + EUROS + 75
    net = ordered - 15
    assert [row[:5] for row in rows] == [
        (0, net, ordered, net, ordered),
        (1, 80, 80 - 15, net + 80, net + 80),
        (2, 0, 0, net + 80, net + 80),
        (3, 0, 0, net + 80, net + 80),
    ]
    assert rows[1][5] == pytest.approx(float(net + 80) / 4)


def test_sessions_follow_the_login_on_the_device(shop: Shop) -> None:
    rows = shop.query(
        "select activity_date, dau, wau, mau from active_customers"
        " where activity = 'session' and segment_name = 'all' and dau > 0 order by 1"
    )
    assert rows == [
        (dt.date(2024, 2, 8), 1, 1, 1),
        (dt.date(2024, 3, 1), 1, 1, 1),
        (dt.date(2024, 3, 5), 1, 1, 1),
        (dt.date(2024, 3, 10), 1, 2, 2),
        (dt.date(2024, 3, 12), 1, 1, 2),
        # 23:30 the day before in UTC; and, an hour after the clocks went forward, 1 April
        (dt.date(2024, 3, 30), 1, 1, 2),
        (dt.date(2024, 4, 1), 1, 1, 2),
    ]


def test_an_event_called_session_is_no_session(shop: Shop) -> None:
    rows = shop.query(
        "select activity, sum(dau) from active_customers where segment_name = 'all'"
        " group by 1 order by 1"
    )
    assert rows == [
        ("any", 17),
        ("event:session", 1),
        ("favourited", 1),
        ("order", 10),
        ("session", 7),
        ("signed_up", 3),
    ]


def test_accounting(shop: Shop) -> None:
    rows = shop.query(
        "select export, rows_in_files, rows_rejected, rows_loaded, rows_duplicate,"
        " rows_superseded, rows_quarantined, rows_used, rows_without_customer"
        " from source_accounting order by 1"
    )
    assert rows == [
        ("customers", 4, 0, 4, 0, 0, 0, 4, 0),
        ("events", 3, 0, 3, 0, 0, 0, 3, 1),
        ("orders", 20, 1, 19, 1, 1, 2, 15, 1),
        ("sessions", 10, 0, 10, 0, 0, 1, 9, 2),
    ]
    (money,) = shop.query(
        "select amount_in_files, amount_rejected, amount_duplicate, amount_superseded,"
        " amount_quarantined, amount_not_counted, amount_refunded_by_status,"
        " amount_without_customer, amount_without_order, amount_in_cohorts, amount_after_as_of"
        " from source_accounting where export = 'orders'"
    )
    in_cohorts = 180 + 25 + 20 + 0 + 25 + EUROS + 75
    parts = [12, 30, 70, 500 + 33, 99 + 10, 80, 60, -5, in_cohorts, 0]
    assert list(money) == [sum(parts), *parts]


def test_quarantine_says_where_and_why(shop: Shop) -> None:
    rows = shop.query(
        'select export, file, line, "column", reason, raw_value from quarantine order by 1, 2, 3'
    )
    assert rows == [
        (
            "orders",
            "orders_2024-03-15.csv",
            15,
            "customer_id",
            "customer_id is a test customer",
            "J",
        ),
        (
            "orders",
            "orders_2024-03-15.csv",
            16,
            "ordered_at",
            "ordered_at is not a timestamp",
            "the other day",
        ),
        (
            "orders",
            "orders_2024-05-01.csv",
            6,
            "ordered_at",
            "ordered_at is after its delivery",
            "2024-06-01 10:00:00",
        ),
        (
            "sessions",
            "sessions_2024-05-01.tsv",
            11,
            "ended_at",
            "ended_at is before started_at",
            "2024-03-12 08:00:00",
        ),
    ]


def test_no_mail_address_leaves_staging(shop: Shop) -> None:
    with shop.marts() as con:
        tables = [
            name for (name,) in con.execute("select table_name from duckdb_tables()").fetchall()
        ]
        assert tables
        for table in tables:
            text = str(con.execute(f"select * from {table}").fetchall())
            assert "@" not in text, table


def test_every_unit_test_of_the_models(shop: Shop) -> None:
    dbt = Dbt(shop.warehouse.build_file, shop.warehouse.dbt_target, {})
    results = dbt.unit_tests()
    assert len(results) > 50
    assert [(result.name, result.message) for result in results if not result.passed] == []
