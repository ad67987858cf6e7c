"""A shop with all its CRM exports, worked by hand. Money is in pounds, the last day is 2024-06-30.

30 days of silence end a customer, members are told by day 10 after the first order, invitations
have 30 days, the value of the referred is that of 60 days, and new customers have 14 days for their
first order. Who is who:

A  Registered 5 Jan, from ads. Orders 1 (6 Jan, 100, coupon) and 2 (20 Jan, 50).
E  is A, too: order 5 (1 Mar, 40), one answer, one redemption, one invitation to A.
B  Registered 10 Jan, from ads. Order 3 (15 Jan, 80, its cost unknown).
C  Registered 1 Feb, invited by A and B; the profile does not say from where, order 4 (5 Feb, 60,
   coupon) says mail. Order 6 (20 Mar, 30), half of which was given back.
D  Registered 10 Feb, from ads, invited by A; never orders.
X  Invited by B, joined too late to count for April, never seen.
v9 is a device; order 8 (10 Mar, 20) is that of a guest. T is a test customer.
"""

import datetime as dt
import math
from decimal import Decimal
from pathlib import Path

import pytest

from ..support.line import build_shop
from ..support.shops import Shop

FILES = {
    "customers": """\
who,since,source,land,kind,into
A,2024-01-05 08:00:00,ads,GB,person,
B,2024-01-10 08:00:00,ads,FR,person,
C,2024-02-01 08:00:00,,GB,person,
D,2024-02-10 08:00:00,ads,GB,person,
E,2024-01-07 08:00:00,mail,FR,person,A
T,2024-01-07 08:00:00,ads,GB,staff,
""",
    "orders": """\
no,who,device,at,total,off,coupon,source,cost
1,A,,2024-01-06 10:00:00,100,10,NEW10,ads,40
2,A,,2024-01-20 10:00:00,50,,,ads,20
3,B,,2024-01-15 10:00:00,80,,,ads,
4,C,,2024-02-05 10:00:00,60,6,SPRING,mail,30
5,E,,2024-03-01 10:00:00,40,,,,10
6,C,,2024-03-20 10:00:00,30,,,,12
7,C,,2024-03-25 10:00:00,-15,,,,
8,,v9,2024-03-10 12:10:00,20,,,ads,5
""",
    "sessions": """\
id,who,device,at,source,campaign,page
s1,A,,2024-01-06 09:50:00,ads,winter,/w?click=1
s2,B,,2024-01-15 09:00:00,ads,winter,/w?click=2
s3,B,,2024-01-20 09:00:00,ads,winter,/other
s4,C,,2024-02-05 09:30:00,mail,,/
s5,,v9,2024-03-10 12:00:00,ads,spring,/s
s6,C,,2024-03-18 09:00:00,,,
s7,,,2024-03-11 09:00:00,ads,spring,/s
s8,D,,2024-02-10 09:00:00,ads,winter,/w
s9,A,,2024-02-20 09:00:00,ads,,/
s10,B,,2024-02-11 09:00:00,ads,,/
s11,C,,2024-06-15 09:00:00,,,
""",
    "events": """\
id,visit,who,what,at
e1,s1,A,product_viewed,2024-01-06 09:51:00
e2,s1,A,added_to_cart,2024-01-06 09:52:00
e3,s8,D,Product_Viewed,2024-02-10 09:01:00
e4,,B,favourited,2024-01-20 09:10:00
e5,,C,product_viewed,2024-03-18 20:00:00
e6,,C,favourited,2024-03-19 20:00:00
""",
    "marketing_spend": """\
day,source,campaign,page,cur,shown,clicks,cost
2024-01-08,ads,winter,/w,GBP,1000,50,60
2024-01-05,ads,winter,/w,EUR,1000,30,100
2024-03-05,ads,spring,/s,GBP,500,5,30
2024-03-06,mail,,,GBP,,,10
""",
    "messages": """\
id,who,way,state,at,campaign
m1,A,E-Mail,sent,2024-01-18 08:00:00,newyear
m1,A,E-Mail,delivered,2024-01-18 08:01:00,newyear
m1,A,E-Mail,clicked,2024-01-19 08:00:00,newyear
m2,B,email,sent,2024-01-18 08:00:00,newyear
m2,B,email,bounced,2024-01-18 08:01:00,newyear
m3,B,email,sent,2024-01-19 08:00:00,newyear
m3,B,email,delivered,2024-01-19 08:01:00,newyear
m3,B,email,opened,2024-01-19 09:00:00,newyear
m3,B,email,unsubscribed,2024-01-19 09:01:00,newyear
m4,C,viber,sent,2024-03-15 08:00:00,spring
m4,C,viber,clicked,2024-03-15 09:00:00,spring
m5,C,viber,sent,2024-03-19 08:00:00,spring
m5,C,viber,clicked,2024-03-19 09:00:00,spring
,A,viber,sent,2024-03-15 08:00:00,spring
,A,viber,clicked,2024-03-16 08:00:00,spring
m7,E,email,sent,2024-02-28 08:00:00,
""",
    "surveys": """\
who,name,at,score
A,nps,2024-02-10 08:00:00,4
E,nps,2024-02-20 08:00:00,10
B,nps,2024-02-11 08:00:00,6
C,nps,2024-02-12 08:00:00,8
D,nps,2024-02-13 08:00:00,9
C,nps,2024-06-15 08:00:00,3
T,nps,2024-02-10 08:00:00,10
""",
    "loyalty_points": """\
who,at,what,points,no
A,2024-01-06 10:00:00,accrued,100,1
A,2024-01-20 10:00:00,accrued,50,2
E,2024-03-01 10:00:00,redeemed,-30,5
A,2024-03-28 00:00:00,expired,20,
A,2024-03-29 00:00:00,adjusted,-5,
C,2024-03-21 10:00:00,accrued,10,6
""",
    "referrals": """\
who,whom,at,joined,reward
A,C,2024-01-25 08:00:00,2024-02-01 08:00:00,5
B,C,2024-01-14 08:00:00,2024-02-03 08:00:00,
A,,2024-01-26 08:00:00,,
E,A,2024-01-27 08:00:00,,
A,D,2024-02-05 08:00:00,,
B,X,2024-04-01 08:00:00,2024-05-20 08:00:00,
D,,2024-06-10 08:00:00,,
""",
    "coupons": """\
who,code,at,no,campaign,off
A,NEW10,2024-01-06 10:00:00,1,welcome,10
C,SPRING,2024-02-05 00:00:00,,spring,
C,OTHER,2024-02-05 00:00:00,,spring,
E,SPRING,2024-02-10 00:00:00,,spring,5
B,GIFT,2024-05-01 00:00:00,999,,
T,GIFT,2024-05-01 00:00:00,,,7
""",
}
COLUMNS = {
    "customers": {
        "customer_id": "who",
        "signed_up_at": "since",
        "acquisition_source": "source",
        "country": "land",
        "is_test": {"sql": "kind = 'staff'"},
        "merged_into": "into",
    },
    "orders": {
        "order_id": "no",
        "customer_id": "who",
        "anonymous_id": "device",
        "ordered_at": "at",
        "amount": "total",
        "discount_amount": "off",
        "coupon_code": "coupon",
        "source": "source",
        "cost_amount": "cost",
    },
    "sessions": {
        "session_id": "id",
        "customer_id": "who",
        "anonymous_id": "device",
        "started_at": "at",
        "source": "source",
        "campaign": "campaign",
        "landing_page": "page",
    },
    "events": {
        "event_id": "id",
        "session_id": "visit",
        "customer_id": "who",
        "event_name": "what",
        "occurred_at": "at",
    },
    "marketing_spend": {
        "spend_date": "day",
        "source": "source",
        "campaign": "campaign",
        "landing_page": "page",
        "currency": "cur",
        "impressions": "shown",
        "clicks": "clicks",
        "cost": "cost",
    },
    "messages": {
        "message_id": "id",
        "customer_id": "who",
        "channel": "way",
        "status": "state",
        "occurred_at": "at",
        "campaign": "campaign",
    },
    "surveys": {"customer_id": "who", "survey": "name", "answered_at": "at", "score": "score"},
    "loyalty_points": {
        "customer_id": "who",
        "occurred_at": "at",
        "kind": "what",
        "points": "points",
        "order_id": "no",
    },
    "referrals": {
        "referrer_id": "who",
        "invited_customer_id": "whom",
        "invited_at": "at",
        "joined_at": "joined",
        "reward_amount": "reward",
    },
    "coupons": {
        "customer_id": "who",
        "coupon_code": "code",
        "redeemed_at": "at",
        "order_id": "no",
        "campaign": "campaign",
        "discount_amount": "off",
    },
}
SETTINGS = {
    "base_currency": "GBP",
    "as_of_date": "2024-06-30",
    "churn_after_days": 30,
    "segments": ["country"],
    "gross_margin": 0.5,
    "landmark_day": 10,
    "referral_value_days": 60,
    "activation_days": 14,
    "max_quarantined_share": 0.5,  # one row in six is the test customer's
}
JANUARY = Decimal("146.21")  # 60 pounds and 100 euros at the 0.8621 of 2024-01-05


def write_exports(folder: Path, names: list[str]) -> dict[str, dict]:
    """Write the files of these exports, and say how to read them."""
    for name in names:
        (folder / f"{name}.csv").write_text(FILES[name], encoding="utf-8")
    return {
        name: {
            "files": f"{name}.csv",
            "delivered_at": "2024-07-01",
            "columns": COLUMNS[name],
            **({"currency": "GBP"} if name == "orders" else {}),
        }
        for name in names
    }


#: What is built: the marts asked below, and what they are made of.
MARTS = (
    "acquisition",
    "campaign_funnel",
    "coupon_effect",
    "landing_page_funnel",
    "loyalty_balances",
    "loyalty_effect",
    "nps",
    "onboarding",
    "referral_effect",
    "referral_growth",
    "referred_customers",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("crm")
    return build_shop(
        folder, {"settings": SETTINGS, "exports": write_exports(folder, list(FILES))}, *MARTS
    )


def month(number: int) -> dt.date:
    return dt.date(2024, number, 1)


def test_acquisition(shop: Shop) -> None:
    rows = shop.query(
        "select source, month, sessions, visitors, new_visitors, new_customers, spend,"
        " revenue_to_date, margin_to_date from acquisition"
        " where sessions > 0 or spend > 0 or new_customers > 0 order by 1, 2"
    )
    # A brought 60 + 30 + 30 of margin, of B's 80 half is taken for it
    assert rows == [
        ("ads", month(1), 3, 2, 2, 2, JANUARY, 270, 160),
        ("ads", month(2), 3, 3, 1, 0, 0, 0, 0),
        ("ads", month(3), 2, 1, 1, 0, 30, 0, 0),
        # 60 and what is left of 30; with the half of the goods half of their cost came back
        ("mail", month(2), 1, 1, 1, 1, 0, 75, 30 + (15 - 6)),
        ("mail", month(3), 0, 0, 0, 0, 10, 0, 0),
        ("unknown", month(3), 1, 1, 0, 0, 0, 0, 0),
        ("unknown", month(6), 1, 1, 0, 0, None, 0, 0),
    ]
    assert shop.query("select count(*) from acquisition") == [(3 * 6,)]


def test_what_a_customer_costs_and_when_that_is_paid_back(shop: Shop) -> None:
    rows = shop.query(
        "select source, month, cac, ltv_to_date, ltv_to_cac, roi, payback_month, months_to_payback"
        " from acquisition where cac is not null or roi is not null order by 1, 2"
    )
    spend = float(JANUARY)
    # by January 130 of margin, by March 160
    paid = (month(3), 2)
    expected = [
        ("ads", month(1), spend / 2, 80.0, 160 / spend, (160 - spend) / spend, *paid),
        ("ads", month(3), None, None, None, -1.0, None, None),
        ("mail", month(2), 0.0, 39.0, None, None, None, None),
        ("mail", month(3), None, None, None, -1.0, None, None),
    ]
    assert [row[:2] + row[6:] for row in rows] == [row[:2] + row[6:] for row in expected]
    for found, wanted in zip(rows, expected, strict=True):
        for a, b in zip(found[2:6], wanted[2:6], strict=True):
            assert a == (b if b is None else pytest.approx(b, abs=1e-12))


def test_landing_pages(shop: Shop) -> None:
    rows = shop.query(
        "select source, campaign, landing_page, month, impressions, clicks, sessions,"
        " sessions_with_product_view, sessions_with_wish, sessions_with_order, revenue, cost"
        " from landing_page_funnel order by month, source, campaign, landing_page"
    )
    assert rows == [
        ("ads", "winter", "/other", month(1), 0, 0, 1, 1, 1, 0, 0, 0),
        ("ads", "winter", "/w", month(1), 2000, 80, 2, 2, 2, 2, 180, JANUARY),
        ("ads", "none", "/", month(2), 0, 0, 2, 0, 0, 0, 0, 0),
        ("ads", "winter", "/w", month(2), 0, 0, 1, 1, 0, 0, 0, 0),
        ("mail", "none", "/", month(2), 0, 0, 1, 1, 1, 1, 60, 0),
        ("ads", "spring", "/s", month(3), 500, 5, 2, 1, 1, 1, 20, 30),
        ("mail", "none", "unknown", month(3), 0, 0, 0, 0, 0, 0, 0, 10),
        ("unknown", "none", "unknown", month(3), 0, 0, 1, 1, 0, 0, 0, 0),
        ("unknown", "none", "unknown", month(6), 0, 0, 1, 0, 0, 0, 0, 0),
    ]
    assert shop.query(
        "select click_rate, product_view_rate, wish_rate, order_rate, conversion_rate, is_complete"
        " from landing_page_funnel where landing_page = '/s' or month = date '2024-06-01' order by"
        " month"
    ) == [(0.01, 0.5, 1.0, 1.0, 0.5, True), (None, None, None, None, None, False)]


def test_campaigns(shop: Shop) -> None:
    rows = shop.query(
        "select kind, campaign, channel, month, sent, delivered, opened, clicked, unsubscribed,"
        " bounced, visits, converted, revenue, cost from campaign_funnel order by 1, 2, 3, 4"
    )
    assert rows == [
        ("ad", "spring", "ads", month(3), 0, 500, 0, 5, 0, 0, 2, 1, 20, 30),
        ("ad", "winter", "ads", month(1), 0, 2000, 0, 80, 0, 0, 3, 2, 180, JANUARY),
        ("ad", "winter", "ads", month(2), 0, 0, 0, 0, 0, 0, 1, 0, 0, 0),
        # order 2 follows A's click; B's second mail was opened, and was the last
        ("message", "newyear", "email", month(1), 3, 2, 2, 1, 1, 1, 1, 1, 50, 0),
        # of C's two clicks the later one has order 6; A's unnumbered rows are one message
        ("message", "spring", "viber", month(3), 3, 3, 3, 3, 0, 0, 3, 1, 15, 0),
        ("message", "unknown", "email", month(2), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    ]
    assert shop.query(
        "select open_rate, click_rate, unsubscribe_rate, conversion_rate, diagnosis"
        " from campaign_funnel where campaign = 'newyear'"
    ) == [(1.0, 0.5, 0.5, 1.0, None)]
    assert shop.query(
        "select open_rate, open_rate_high, click_rate, unsubscribe_rate from campaign_funnel"
        " where kind = 'ad' and month = '2024-01-01'"
    ) == [(None, None, 0.04, None)]


def nps_interval(promoters: int, detractors: int, responses: int) -> tuple[float, float]:
    """The adjusted Wald interval as Rocks (2016) gives it."""
    n = responses + 3
    p, d = (promoters + 0.75) / n, (detractors + 0.75) / n
    half = 1.959963984540054 * math.sqrt((p + d - (p - d) ** 2) / n)
    return 100 * max(-1, p - d - half), 100 * min(1, p - d + half)


def test_nps(shop: Shop) -> None:
    rows = shop.query(
        "select segment_value, month, responses, promoters, passives, detractors, nps,"
        " promoters_observed, promoters_retained, detractors_observed, detractors_retained"
        " from nps where survey = 'nps' and (responses > 0 or month = date '2024-03-01')"
        " order by segment_name, segment_value, month"
    )
    # of A's answers the second speaks, and order 5 follows it
    third = pytest.approx(200 / 3)
    assert rows == [
        ("all", month(2), 4, 2, 1, 1, 25.0, 2, 1, 1, 0),
        ("all", month(3), 0, 0, 0, 0, None, 0, 0, 0, 0),
        ("all", month(6), 1, 0, 0, 1, -100.0, 0, 0, 0, 0),
        ("FR", month(2), 1, 0, 0, 1, -100.0, 0, 0, 1, 0),
        ("FR", month(3), 0, 0, 0, 0, None, 0, 0, 0, 0),
        ("GB", month(2), 3, 2, 1, 0, third, 2, 1, 0, 0),
        ("GB", month(3), 0, 0, 0, 0, None, 0, 0, 0, 0),
        ("GB", month(6), 1, 0, 0, 1, -100.0, 0, 0, 0, 0),
    ]
    bounds = shop.query(
        "select nps_low, nps_high from nps where segment_name = 'all' and responses > 0"
        " order by month"
    )
    assert bounds[0] == pytest.approx(nps_interval(2, 1, 4))
    assert bounds[1] == pytest.approx(nps_interval(0, 1, 1))
    assert shop.query("select count(*) from nps") == [(3 * 5,)]


def test_loyalty(shop: Shop) -> None:
    assert shop.query(
        "select customer_id, accrued, redeemed, expired, adjusted, balance, last_movement"
        " from loyalty_balances order by 1"
    ) == [
        ("A", 150, 30, 20, -5, 95, dt.date(2024, 3, 29)),
        ("C", 10, 0, 0, 0, 10, dt.date(2024, 3, 21)),
    ]
    # A ordered again on 20 Jan, after the landmark of 16 Jan; B and C not in time, and C only
    # joined later; one customer has no interval, nor have two of like value
    assert shop.query(
        "select customer_group, customers, retained_customers, retention_rate, value_per_customer,"
        " value_low from loyalty_effect order by 1"
    ) == [("members", 1, 1, 1.0, 50.0, None), ("others", 2, 0, 0.0, 0.0, None)]


def test_referrals(shop: Shop) -> None:
    assert shop.query(
        "select customer_id, referrer_id, orders, net_revenue, joined_date, first_order_date,"
        " reward_amount from referred_customers order by 1"
    ) == [
        ("C", "A", 2, 75, dt.date(2024, 2, 1), dt.date(2024, 2, 5), 5),
        ("D", "A", 0, 0, dt.date(2024, 2, 5), None, None),
        ("X", "B", 0, 0, dt.date(2024, 5, 20), None, None),
    ]
    assert shop.query(
        "select month, invitations, joined, inviters, customers, conversion, k_factor,"
        " referred_customers, other_customers, value_of_referred, value_of_others, is_complete"
        " from referral_growth where invitations > 0 order by 1"
    ) == [
        (month(1), 3, 1, 2, 2, 1 / 3, 1 / 2, 0, 2, None, (190 + 80) / 2, True),
        (month(2), 1, 1, 1, 4, 1.0, 1 / 4, 1, 0, 75.0, None, True),
        (month(4), 1, 0, 1, 1, 0.0, 0.0, 0, 0, None, None, True),
        (month(6), 1, 0, 1, 2, None, None, 0, 0, None, None, False),
    ]
    # A was won before the first invitation
    assert shop.query(
        "select customer_group, customers, value_per_customer, repeat_eligible_customers,"
        " repeat_customers from referral_effect order by 1"
    ) == [("others", 1, 80.0, 1, 0), ("referred", 1, 75.0, 1, 0)]


def test_coupons(shop: Shop) -> None:
    rows = shop.query(
        "select campaign, is_total, redemptions, redeemers, redemptions_with_order, recipients,"
        " redemption_rate, orders, revenue, discount, discount_of_expected, first_order_customers,"
        " repeat_customers from coupon_effect order by is_total, campaign"
    )
    # A had bought without a coupon three weeks before the one that meets no order
    assert rows == [
        ("GIFT", False, 1, 1, 0, None, None, 0, 0, 0, 0, 0, 0),
        ("spring", False, 3, 2, 2, 2, 1.0, 1, 60, 6 + 5, 5, 1, 0),
        ("welcome", False, 1, 1, 1, None, None, 1, 100, 10, None, 1, 1),
        ("all", True, 5, 3, 3, None, None, 2, 160, 21, 5, 2, 1),
    ]
    sold = 100 + 50 + 80 + 60 + 40 + 15 + 20
    assert shop.query(
        "select share_of_orders, share_of_revenue, share_of_expected, repeat_rate, other_customers,"
        " repeat_rate_of_others from coupon_effect where is_total"
    ) == [(2 / 7, 160 / sold, 5 / 21, 0.5, 1, 0.0)]


def test_onboarding(shop: Shop) -> None:
    assert shop.query(
        "select cohort_month, signed_up, activated, activation_rate, median_days_to_first_value,"
        " is_complete from onboarding order by 1"
    ) == [
        (month(1), 2, 2, 1.0, 3.0, True),
        (month(2), 2, 1, 0.5, 4.0, True),
        *[(month(number), 0, 0, None, None, True) for number in (3, 4, 5)],
        (month(6), 0, 0, None, None, False),
    ]
