"""Behaviour worked by hand: churn's conventions, second orders, visits that convert, landmarks.

Business days are London's, ten days of silence end a customer, the last day is 2024-12-31.

All eight buyers are first seen on 10 January, so their landmark, 30 days on, is 9 February, and
what follows counts from 10 February to 9 April, 60 days on.
  m1..m4 favourite by then, m3 and m4 on the very landmark; o1 and o2 do so a day too late.
  m1, m2, o1 and o2 order afterwards. m3 orders on the landmark, which is no outcome.
  o3 looks around at 23:59 on 9 April in London, o4 a minute later.
`late` came that day too, but logs in only in May: without having come again nobody would know,
so it is no member and no other.

From October on nobody is there but those who `ping`, for the conventions of churn:
November opens with 100, 20 join, 11 end: 3 of them had joined, 2 came back.
December opens with 111, 2 join, 5 end: both joiners, of whom one comes back; two who had ended
before November came back and end again; one of the 111.
"""

import datetime as dt
from pathlib import Path

import pytest
from scipy import stats

from ..support.line import build_shop
from ..support.oracle.bootstrap import bootstrap_t, dealt, difference
from ..support.shops import Shop

ORDERS = """\
no,who,at,total
1,m1,2024-03-01T10:00:00Z,10
2,m1,2024-03-31T10:00:00Z,20
3,m2,2024-03-01T10:00:00Z,30
4,m2,2024-04-10T10:00:00Z,99
5,m3,2024-02-09T10:00:00Z,7
6,o1,2024-03-01T10:00:00Z,60
7,o1,2024-03-01T12:00:00Z,4
8,o2,2024-03-30T12:00:00Z,40
9,o2,2024-03-31T23:30:00Z,2
"""
SESSIONS = """\
sid,device,who,from,source
s1,,m1,2024-03-01T09:50:00Z,ads
s2,,m2,2024-02-29T10:00:00Z,
s3,,o1,2024-03-01T09:00:00Z,
s4,,o1,2024-03-01T11:00:00Z,
s5,v1,,2024-03-02T09:00:00Z,ads
s6,,,2024-03-02T09:00:00Z,
s7,,o2,2024-03-30T11:59:59Z,
s8,,m1,2024-03-31T00:30:00Z,
s9,v2,,2024-03-05T09:00:00Z,
s10,v2,m1,2024-03-06T09:00:00Z,
s11,v3,,2024-01-10T09:00:00Z,
s12,v3,late,2024-05-10T09:00:00Z,
"""
BUYERS = ["m1", "m2", "m3", "m4", "o1", "o2", "o3", "o4"]
#: Who did what, and when (UTC).
SEEN = [(who, "looked", "2024-01-10 12:00:00") for who in BUYERS] + [
    ("m1", "favourited", "2024-01-20 12:00:00"),
    ("m2", "favourited", "2024-01-20 12:00:00"),
    ("m3", "favourited", "2024-02-09 12:00:00"),
    ("m4", "favourited", "2024-02-09 23:59:59"),
    ("o1", "favourited", "2024-02-10 00:00:00"),
    ("o2", "favourited", "2024-02-10 12:00:00"),
    ("o3", "looked", "2024-04-09 22:59:00"),
    ("o4", "looked", "2024-04-09 23:00:00"),
]
#: How many ping on which days (month, day).
PINGS = [
    (91, [(10, 25), (11, 3), (11, 12), (11, 21), (11, 30), (12, 9), (12, 18), (12, 27)]),
    (1, [(10, 25), (11, 3), (11, 12), (11, 21), (11, 30)]),
    (2, [(10, 25), (11, 10), (11, 20), (11, 30), (12, 10), (12, 20), (12, 30)]),
    (4, [(10, 25)]),
    (2, [(10, 25), (12, 5)]),
    (3, [(11, 3)]),
    (17, [(11, 25), (12, 4), (12, 13), (12, 22), (12, 31)]),
    (1, [(12, 1), (12, 15), (12, 25)]),
    (1, [(12, 1)]),
]
CONFIG = {
    "settings": {
        "business_time_zone": "Europe/London",
        "as_of_date": "2024-12-31",
        "churn_after_days": 10,
        "repeat_purchase_days": [30, 60, 300],
        "effect_horizon_days": 60,
        "interval_min_customers": 4,
    },
    "exports": {
        "orders": {
            "files": "orders.csv",
            "currency": "GBP",
            "columns": {
                "order_id": "no",
                "customer_id": "who",
                "ordered_at": "at",
                "amount": "total",
            },
        },
        "sessions": {
            "files": "sessions.csv",
            "columns": {
                "session_id": "sid",
                "anonymous_id": "device",
                "customer_id": "who",
                "started_at": "from",
                "source": "source",
            },
        },
        "events": {
            "files": "events.csv",
            "columns": {"customer_id": "who", "event_name": "what", "occurred_at": "at"},
        },
    },
}


def events() -> str:
    rows = list(SEEN)
    for group, (people, days) in enumerate(PINGS):
        for person in range(people):
            rows += [
                (f"p{group}_{person}", "ping", f"2024-{month}-{day:02} 12:00:00")
                for month, day in days
            ]
    return "who,what,at\n" + "".join(",".join(row) + "\n" for row in rows)


#: What is built: the marts asked below, and what they are made of.
MARTS = (
    "behaviour_effect",
    "churn_bridge",
    "cohort_retention",
    "customer_value",
    "monthly_churn",
    "repeat_purchase",
    "retention_curve",
    "session_conversion",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder: Path = tmp_path_factory.mktemp("behaviour")
    (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
    (folder / "sessions.csv").write_text(SESSIONS, encoding="utf-8")
    (folder / "events.csv").write_text(events(), encoding="utf-8")
    return build_shop(folder, CONFIG, *MARTS)


def test_the_steps_between_the_churn_conventions(shop: Shop) -> None:
    rows = shop.query(
        "select month(month), step, customers, customers_at_risk, rate from churn_bridge"
        " where base = 'any' and month >= date '2024-11-01' order by month, step_number"
    )
    november = [
        ("churn_rate_of_start_and_new", 11, 120, 11 / 120),
        ("joiners_leave_the_denominator", 0, -20, 11 / 100 - 11 / 120),
        ("churn_rate", 11, 100, 0.11),
        ("ended_after_joining", -3, 0, -0.03),
        ("ended_before_a_return", -2, 0, -0.02),
        ("churn_rate_net", 6, 100, 0.06),
        ("joined_ended_and_returned", 0, 0, 0.0),
        ("returned_and_ended", 0, 0, 0.0),
        ("one_minus_customer_retention_rate", 6, 100, 0.06),
    ]
    december = [
        ("churn_rate_of_start_and_new", 5, 113, 5 / 113),
        ("joiners_leave_the_denominator", 0, -2, 5 / 111 - 5 / 113),
        ("churn_rate", 5, 111, 5 / 111),
        ("ended_after_joining", -2, 0, -2 / 111),
        ("ended_before_a_return", -1, 0, -1 / 111),
        ("churn_rate_net", 2, 111, 2 / 111),
        ("joined_ended_and_returned", 1, 0, 1 / 111),
        ("returned_and_ended", -2, 0, -2 / 111),
        ("one_minus_customer_retention_rate", 1, 111, 1 / 111),
    ]
    expected = [(11, *row) for row in november] + [(12, *row) for row in december]
    assert [row[:4] for row in rows] == [row[:4] for row in expected]
    assert [row[4] for row in rows] == pytest.approx([row[4] for row in expected], abs=1e-15)


def test_retention_by_sets_is_not_that_of_the_textbooks(shop: Shop) -> None:
    (november,) = shop.query(
        "select opening_customers, new_customers, reactivated_customers, churned_customers,"
        " closing_customers, customer_retention_rate, customer_retention_rate_textbook"
        " from monthly_churn where base = 'any' and month = date '2024-11-01'"
    )
    assert november == (100, 20, 2, 11, 111, 0.94, 0.91)


def test_second_orders(shop: Shop) -> None:
    rows = shop.query(
        "select horizon, horizon_days, eligible_customers, repeat_customers, repeat_rate,"
        " lower_quartile_days_between_orders, median_days_between_orders,"
        " upper_quartile_days_between_orders from repeat_purchase order by 2 nulls last"
    )
    # m1 30 days later, m2 40, o1 on the same day, o2 on the next but one (23:30 is past midnight)
    assert rows == [
        ("30 days", 30, 5, 3, 3 / 5, 1, 2, 16),
        ("60 days", 60, 5, 4, 4 / 5, 1.5, 16, 32.5),
        ("300 days", 300, 4, 3, 3 / 4, 15, 30, 35),
        ("ever", None, 5, 4, 4 / 5, 1.5, 16, 32.5),
    ]


def test_visits_that_lead_to_an_order(shop: Shop) -> None:
    rows = shop.query(
        "select month(month), segment_value, sessions, converted_sessions, orders, customers,"
        " anonymous_visitors, conversion_rate, sessions_per_customer, median_sessions_per_customer,"
        " is_complete from session_conversion where segment_name <> 'device'"
        " and month between date '2024-02-01' and date '2024-04-01' order by 1, 2"
    )
    nothing = (0, 0, 0, 0, 0, None, None, None, True)
    assert rows == [
        (2, "ads", *nothing),
        (2, "all", 1, 1, 1, 1, 0, 1.0, 1, 1, True),
        (2, "unknown", 1, 1, 1, 1, 0, 1.0, 1, 1, True),
        (3, "ads", 2, 1, 1, 1, 1, 1 / 2, 1, 1, True),
        (3, "all", 9, 5, 5, 3, 1, 5 / 9, 7 / 3, 2, True),
        (3, "unknown", 7, 4, 4, 3, 0, 4 / 7, 2, 2, True),
        (4, "ads", *nothing),
        (4, "all", *nothing),
        (4, "unknown", *nothing),
    ]


def test_the_last_month_waits_for_the_orders_of_its_last_visits(shop: Shop) -> None:
    rows = shop.query(
        "select month(month) from session_conversion where segment_name = 'all' and not is_complete"
    )
    assert rows == [(12,)]


def test_to_have_favourited_makes_no_difference_from_the_landmark_on(shop: Shop) -> None:
    rows = shop.query(
        "select outcome, landmark_day, horizon_days, members, others, member_value, other_value,"
        " difference from behaviour_effect where behaviour = 'favourited' order by 1"
    )
    assert rows == [
        ("active", 30, 60, 4, 4, 0.5, 0.75, -0.25),
        ("ordered", 30, 60, 4, 4, 0.5, 0.5, 0.0),
        ("orders", 30, 60, 4, 4, 0.75, 1.0, -0.25),
        ("revenue", 30, 60, 4, 4, 15.0, 26.5, -11.5),
    ]


def test_while_those_who_ever_did_seem_to_order_more(shop: Shop) -> None:
    """Immortal-time bias: two favourited because they stayed, not the other way round."""
    ever = {who for who, what, _ in SEEN if what == "favourited"}
    later = {who for (who,) in shop.query("select customer_id from customer_value")} - {"m3"}
    never = set(BUYERS) - ever
    naive = len(later & ever) / len(ever) - len(later & never) / len(never)
    assert naive == pytest.approx(2 / 3)


def test_intervals_of_the_differences(shop: Shop) -> None:
    found = {
        outcome: bounds
        for outcome, *bounds in shop.query(
            "select outcome, low, high from behaviour_effect where behaviour = 'favourited'"
        )
    }
    # Newcombe by hand: Wilson of 2/4 is 0.15004 to 0.84996, and 0.34996 * sqrt(2) = 0.49492
    assert found["ordered"] == pytest.approx([-0.49492, 0.49492], abs=1e-5)
    groups = dealt(BUYERS)
    for outcome, members, others in [
        ("orders", [2, 1, 0, 0], [2, 2, 0, 0]),
        ("revenue", [30, 30, 0, 0], [64, 42, 0, 0]),
    ]:
        sides = [dict(zip(BUYERS[:4], members, strict=True))]
        sides.append(dict(zip(BUYERS[4:], others, strict=True)))
        one, other = (sum(side.values()) / 4 for side in sides)
        bounds = [bootstrap_t(side, groups) for side in sides]
        expected = difference(one, bounds[0], other, bounds[1])
        assert found[outcome] == pytest.approx(expected, abs=2e-6)


def test_chance_and_what_stands_out_of_all_comparisons(shop: Shop) -> None:
    rows = shop.query(
        "select behaviour, outcome, p_value, is_significant from behaviour_effect"
        " where p_value is not null order by p_value"
    )
    found = {row[:2]: row[2] for row in rows}
    # 2 of 4 and 3 of 4 are active, of 5 of 8: z = -0.25 / sqrt(5/8 * 3/8 * 2/4)
    z = -0.25 / (5 / 8 * 3 / 8 / 2) ** 0.5
    assert found["favourited", "active"] == pytest.approx(2 * stats.norm.sf(-z), abs=2e-7)
    assert found["favourited", "ordered"] == pytest.approx(1, abs=2e-7)
    # of so few customers the t-test is told by a normal number to a few thousandths
    welch = stats.ttest_ind([30, 30, 0, 0], [64, 42, 0, 0], equal_var=False)
    assert found["favourited", "revenue"] == pytest.approx(welch.pvalue, abs=5e-3)
    adjusted = stats.false_discovery_control([row[2] for row in rows])
    assert [row[3] for row in rows] == [bool(share <= 0.05) for share in adjusted]


def test_every_behaviour_is_told_of(shop: Shop) -> None:
    rows = shop.query(
        "select behaviour, members, others, low from behaviour_effect"
        " where outcome = 'ordered' order by 1"
    )
    assert [row[:3] for row in rows] == [
        ("favourited", 4, 4),
        ("looked", 8, 0),
        ("order", 1, 7),
        ("ping", 0, 8),
        ("session", 0, 8),
    ]
    # one who ordered early is too few to be compared
    assert [row[0] for row in rows if row[3] is None] == ["looked", "order", "ping", "session"]


def test_the_night_the_clocks_go_forward(shop: Shop) -> None:
    """From noon on Saturday to 00:30 on Monday there are 35 hours, and two business days."""
    rows = shop.query(
        "select period_number, retained_customers, retained_on_or_after, retention_rate,"
        " is_complete from cohort_retention where study = 'order_to_order' and period = 'day'"
        " and segment_name = 'all' and cohort_start = date '2024-03-30' order by 1 limit 4"
    )
    assert rows == [
        (0, 1, 1, 1.0, True),
        (1, 0, 1, 0.0, True),
        (2, 1, 1, 1.0, True),
        (3, 0, 0, 0.0, True),
    ]


def test_a_week_that_is_not_over_has_counts_and_no_rate(shop: Shop) -> None:
    rows = shop.query(
        "select period_number, cohort_size, retained_customers, retention_rate, rate_high,"
        " is_complete, incomplete_reason from cohort_retention where study = 'any_to_any'"
        " and period = 'week' and segment_name = 'all' and cohort_start = date '2024-11-25'"
        " order by 1"
    )
    # 17 joined on 25 November, two on 1 December, of whom one is seen again on 15 and 25 December
    assert [row[:4] for row in rows] == [
        (0, 19, 19, 1.0),
        (1, 19, 17, 17 / 19),
        (2, 19, 18, 18 / 19),
        (3, 19, 17, 17 / 19),
        (4, 19, 1, 1 / 19),
        (5, 19, 17, None),
    ]
    assert rows[5][4:] == (None, False, "the period ends after as_of_date")
    (last,) = shop.query(
        "select max(period_number) from retention_curve where study = 'any_to_any'"
        " and period = 'week' and segment_name = 'all' and eligible_customers > 0"
    )
    first_week = dt.date(2024, 1, 8)
    assert last == ((dt.date(2024, 12, 23) - first_week).days // 7,)
