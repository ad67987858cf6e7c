"""Subscriptions, audiences and what messages changed, worked by hand. The last day is 2024-06-30.

Who is in which audience, and why, stands beside the rows. The one thing not by hand is the draw of
the hold-out: half of each audience, by the first six hex digits of the MD5 of `audience|customer`.
"""

import datetime as dt
import hashlib
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.quality.gates_marts import mart_gates
from dagster_project.quality.gx.suites import run_gates
from dagster_project.settings import DBT_PROJECT
from dagster_project.warehouse.dbt_runner import Dbt
from dagster_project.warehouse.project import with_ancestors

from ...support.line import build_shop
from ...support.shops import Shop

ORDERS = """\
no,who,at
1,L,2024-05-01
2,L,2024-05-11
3,L,2024-05-21
4,W,2024-03-01
5,W2,2024-03-02
6,C,2024-03-01
7,D,2024-03-01
8,T1,2024-01-10
9,T2,2024-01-10
10,T3,2024-01-10
11,T4,2024-01-10
12,T5,2024-01-10
13,T6,2024-01-10
14,T1,2024-05-10
15,T2,2024-05-31
16,T3,2024-06-01
17,T4,2024-05-01
"""
EVENTS = """\
at,what,who,on
2024-06-20,product_viewed,V,desktop
2024-06-25,product_viewed,V,desktop
2024-06-20,product_viewed,V2,desktop
2024-06-21,favourited,V2,desktop
2024-05-01,product_viewed,V3,desktop
2024-06-01,favourited,V4,desktop
2024-06-02,app_installed,V4,desktop
"""
SESSIONS = """\
at,who,on
2024-06-15,M,mobile_web
2024-05-20,M,mobile_web
2024-06-15,M2,mobile_web
2024-02-01,M2,app
"""
# T6 says yes only in June; R2 took the consent back; W never said yes; U3 has no profile
JANUARY = """\
who,mail,sms
V,yes,no
V2,no,yes
V3,yes,no
V4,yes,no
M,yes,no
M2,yes,no
U,yes,yes
U2,yes,no
R,yes,yes
R2,yes,no
L,yes,no
W,no,no
W2,yes,no
C,yes,no
D,yes,no
P,yes,no
P2,yes,no
P3,yes,no
T1,yes,no
T2,yes,no
T3,yes,no
T4,yes,no
T5,yes,no
T6,no,no
"""
JUNE = """\
who,mail,sms
T6,yes,no
R2,no,no
"""
MESSAGES = """\
id,who,how,status,for,at
m1,T1,E-mail,sent,win_back,2024-05-01
m1,T1,E-mail,opened,win_back,2024-05-02
m2,D,email,sent,win_back,2024-06-15
m3,C,email,sent,news,2024-06-24
m4,C,email,sent,news,2024-06-26
m5,C,sms,delivered,news,2024-06-28
m6,U,email,sent,news,2024-06-09
m6,U,email,unsubscribed,news,2024-06-10
m7,U2,email,unsubscribed,news,2024-06-10
m8,U3,email,unsubscribed,news,2024-06-10
m9,M,push,sent,news,2024-06-20
"""
SURVEYS = """\
who,score,at
P,10,2024-06-05
P2,9,2024-06-05
P3,10,2024-05-05
P3,6,2024-06-05
"""
REFERRALS = """\
who,at
P2,2024-06-06
"""
# S pays 50, nothing, nothing, 50. R pays 60 a year, R2 as well, Z 120, until the card fails.
SUBSCRIPTIONS = """\
id,who,starts,ends,price,months,why
s1,S,2024-01-01,2024-02-01,50,1,voluntary
s2,S,2024-04-01,,50,1,
s3,R,2023-07-10,,60,12,
s4,R2,2023-07-10,,60,12,
s5,Z,2024-02-15,2024-05-20,120,12,involuntary
"""


def early_subscribers() -> str:
    """The example of the four conventions: 100 in January 2022; in February 20 join, 11 churn,
    of whom 3 joined in the month and 2 came back in it. The rest end in June."""
    rows = []

    def period(who: str, starts: str, ends: str) -> None:
        rows.append(f"e{len(rows)},{who},2022-{starts},2022-{ends},10,1,voluntary\n")

    for n in range(100):
        ends = {**dict.fromkeys((0, 1), "02-10"), **dict.fromkeys(range(2, 8), "02-12")}
        period(f"K{n}", "01-15", ends.get(n, "06-30"))
    for n in (0, 1):
        period(f"K{n}", "02-15", "06-30")
    for n in range(20):
        period(f"J{n}", "02-03", "02-20" if n < 3 else "06-30")
    return "".join(rows)


CONFIG = {
    "settings": {
        "base_currency": "GBP",
        "as_of_date": "2024-06-30",
        "holdout_share": 0.5,
        "max_unknown_customers_share": 1,
    },
    "exports": {
        "orders": {
            "files": "orders.csv",
            "columns": {"order_id": "no", "customer_id": "who", "ordered_at": "at"}
            | {"amount": {"value": 10}},
        },
        "events": {
            "files": "events.csv",
            "columns": {"occurred_at": "at", "event_name": "what", "customer_id": "who"}
            | {"device": "on"},
        },
        "sessions": {
            "files": "sessions.csv",
            "columns": {"started_at": "at", "customer_id": "who", "device": "on"},
        },
        "customers": {
            "files": "customers_*.csv",
            "columns": {"customer_id": "who", "consent_email": "mail", "consent_sms": "sms"},
        },
        "messages": {
            "files": "messages.csv",
            "columns": {"message_id": "id", "customer_id": "who", "channel": "how"}
            | {"status": "status", "campaign": "for", "occurred_at": "at"},
        },
        "surveys": {
            "files": "surveys.csv",
            "columns": {"customer_id": "who", "score": "score", "answered_at": "at"},
        },
        "referrals": {
            "files": "referrals.csv",
            "columns": {"referrer_id": "who", "invited_at": "at"},
        },
        "subscriptions": {
            "files": "subscriptions.csv",
            "columns": {"subscription_id": "id", "customer_id": "who", "start_date": "starts"}
            | {"end_date": "ends", "amount": "price", "billing_months": "months"}
            | {"cancel_reason": "why"},
        },
    },
}

#: What is built: the marts asked below, and what they are made of.
MARTS = (
    "audience_uplift",
    "audiences",
    "communication_calendar",
    "monthly_churn",
    "subscription_mrr",
    "subscription_mrr_monthly",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("audiences")
    files = {
        "orders": ORDERS,
        "events": EVENTS,
        "sessions": SESSIONS,
        "customers_2024-01-31": JANUARY,
        "customers_2024-06-01": JUNE,
        "messages": MESSAGES,
        "surveys": SURVEYS,
        "referrals": REFERRALS,
        "subscriptions": SUBSCRIPTIONS + early_subscribers(),
    }
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    for export in CONFIG["exports"].values():
        if "*" not in export["files"]:
            export["delivered_at"] = "2024-07-01"
    return build_shop(folder, CONFIG, *MARTS)


def held_out(audience: str, customer: str) -> bool:
    return int(hashlib.md5(f"{audience}|{customer}".encode()).hexdigest()[:6], 16) < 16**6 // 2


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(f"2024-{text}")


def test_who_is_in_which_audience_since_when_and_by_which_channel(shop: Shop) -> None:
    rows = shop.query("select audience, customer_id, since, channel from audiences order by 1, 2")
    assert rows == [
        ("favourited_without_app", "V2", day("06-21"), "sms"),
        ("likely_to_lapse", "L", day("06-11"), "email"),  # 21 days after the last, 10 are usual
        ("mobile_web_without_app", "M", day("05-20"), "email"),
        ("promoters", "P", day("06-05"), "email"),  # P2 has invited, P3 thinks otherwise now
        ("renewal_due", "R", day("06-26"), "email"),
        ("unsubscribed_from_email", "U", day("06-10"), "sms"),
        ("viewed_not_favourited", "V", day("06-20"), "email"),
        ("win_back", "T5", day("04-09"), "email"),  # 90 days after the only order
        ("win_back", "T6", day("04-09"), "email"),
        ("win_back", "W2", day("05-31"), "email"),
    ]


def test_reasons_can_be_read(shop: Shop) -> None:
    reasons = dict(shop.query("select customer_id, reason from audiences"))
    assert reasons["L"] == "no order for more than 2 times the usual 10 days"
    assert reasons["P"] == "answered 10 of 10, has invited nobody yet"
    assert reasons["W2"] == "no order for 90 days"


def test_the_hold_out_is_the_hash(shop: Shop) -> None:
    rows = shop.query("select audience, customer_id, is_holdout from audiences")
    assert [is_holdout for *_, is_holdout in rows] == [held_out(*member) for *member, _ in rows]
    assert {is_holdout for *_, is_holdout in rows} == {True, False}


def test_what_a_message_changed_is_told_by_assignment(shop: Shop) -> None:
    # The campaign ran from 1 May to 15 June. T1 to T5 and D stood in the audience or came to in
    # May (C and W2 too); T6 could not be written to then, W never. T1 and T2 order in the 30 days
    # after 1 May; T3 a day late; T4 on the very day, which the message cannot have caused and by
    # which T4 is no member any more. D is observed to 29 June, before the message of 15 June.
    arms = {"T1": True, "T2": True, "T3": False, "T5": False, "C": False, "D": False, "W2": False}
    treated = [has for who, has in arms.items() if not held_out("win_back", who)]
    kept_out = [has for who, has in arms.items() if held_out("win_back", who)]
    assert treated
    assert kept_out
    rows = shop.query(
        "select audience, treated, held_out, treated_with_outcome, held_out_with_outcome,"
        " uplift, treated_messaged + held_out_messaged, low <= uplift, uplift <= high"
        " from audience_uplift"
    )
    uplift = sum(treated) / len(treated) - sum(kept_out) / len(kept_out)
    expected = (len(treated), len(kept_out), sum(treated), sum(kept_out), pytest.approx(uplift))
    assert rows == [("win_back", *expected, 2, True, True)]


def test_the_gate_warns_of_messages_to_those_held_out(shop: Shop, tmp_path: Path) -> None:
    (gate,) = mart_gates({"audience_uplift": {}}, {})
    found = []
    for messaged in (0, 2):
        file = Path(shutil.copy(shop.warehouse.build_file, tmp_path / "build.duckdb"))
        with duckdb.connect(str(file)) as con:
            con.execute(f"update marts.audience_uplift set held_out_messaged = {messaged}")
        found += run_gates(file, [gate])["marts", "audience_uplift"]
    assert [result.passed for result in found] == [True, True]
    assert not found[0].warnings
    (warning,) = found[1].warnings
    assert "held out" in warning.description


def test_who_was_in_an_audience_on_a_past_day_is_what_that_day_knew(
    shop: Shop, tmp_path: Path
) -> None:
    query = (
        "select audience, customer_id, reason, entered_on from intermediate.audience_episodes"
        " where date '2024-05-15' between entered_on and left_on - 1"
    )
    now = shop.warehouse.build_file
    then = Path(shutil.copy(now, tmp_path / "build.duckdb"))
    defaults = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    variables = (
        defaults | CONFIG["settings"] | {"as_of_date": "2024-05-15", "sessions_mapped": True}
    )
    episodes = with_ancestors(["model.retention.audience_episodes"])
    of_the_day = [key for key in episodes if "model.retention.as_of" in with_ancestors([key])]
    results = Dbt(then, tmp_path / "dbt", variables).build(of_the_day, full_refresh=True)
    assert all(result.passed for result in results if result.kind == "model")
    members = []
    for file in (now, then):
        with duckdb.connect(str(file), read_only=True) as con:
            members.append(set(con.execute(query).fetchall()))
    assert members[0] == members[1]
    assert len(members[0]) > 5


def test_calendar(shop: Shop) -> None:
    rows = shop.query(
        "select customer_id, first_contact, last_contact_email, last_contact_sms, last_order,"
        " next_renewal, days_until_renewal, consent_email, consent_sms from communication_calendar"
        " where customer_id in ('C', 'R', 'S', 'U', 'Z') order by 1"
    )
    assert rows == [
        ("C", day("06-24"), day("06-26"), day("06-28"), day("03-01"), None, None, True, False),
        ("R", None, None, None, None, day("07-10"), 10, True, True),
        ("S", None, None, None, None, day("07-01"), 1, False, False),
        ("U", day("06-09"), day("06-09"), None, None, None, None, False, True),
    ]  # and not Z, whose subscription has ended: there is nothing to say


def test_fifty_nothing_nothing_fifty(shop: Shop) -> None:
    rows = shop.query(
        "select movement, mrr, change from subscription_mrr where customer_id = 'S' order by month"
    )
    assert rows == [
        ("new", 50, 50),
        ("churned", 0, -50),
        ("none", 0, 0),
        ("reactivation", 50, 50),
        ("none", 50, 0),
        ("none", 50, 0),
    ]


def test_a_year_is_twelve_months_and_a_failed_card_is_involuntary(shop: Shop) -> None:
    rows = shop.query(
        "select month, movement, mrr, churn_reason from subscription_mrr where customer_id = 'Z'"
        " order by 1"
    )
    assert rows == [
        (day("02-01"), "new", 10, None),
        (day("03-01"), "none", 10, None),
        (day("04-01"), "none", 10, None),
        (day("05-01"), "churned", 0, "involuntary"),
    ]
    assert shop.query(
        "select count(*), min(mrr), max(mrr) from subscription_mrr where customer_id = 'R'"
    ) == [(12, 5, 5)]


def test_recurring_revenue_of_a_month(shop: Shop) -> None:
    rows = shop.query(
        "select opening, new, churned, churned_involuntary, closing, grr, nrr"
        " from subscription_mrr_monthly where month = '2024-05-01'"
    )
    opening = Decimal(5 + 5 + 50 + 10)
    assert rows == [(opening, 0, -10, -10, 60, pytest.approx(6 / 7), pytest.approx(6 / 7))]
    assert shop.query(
        "select new, churned, reactivation, closing, nrr from subscription_mrr_monthly"
        " where month between '2024-02-01' and '2024-04-01' order by month"
    ) == [
        (10, -50, 0, 20, pytest.approx(10 / 60)),
        (0, 0, 0, 20, 1),
        (0, 0, 50, 70, pytest.approx(70 / 20)),
    ]


def test_the_four_conventions_of_churn(shop: Shop) -> None:
    rows = shop.query(
        "select opening_customers, new_customers, reactivated_customers, churned_customers,"
        " closing_customers, churn_rate_net, churn_rate_of_start_and_new, churn_rate,"
        " 1 - customer_retention_rate from monthly_churn"
        " where base = 'subscription' and month = '2022-02-01'"
    )
    rates = [pytest.approx(rate) for rate in (0.06, 11 / 120, 0.11, 0.06)]
    assert rows == [(100, 20, 2, 11, 111, *rates)]
