"""The demo shop garbles its exports as real shops do; the marts must give its truth back.

The truth is counted by the simulator from its clean draws, in Python, before the mess is made.
"""

import csv
import datetime as dt
import gzip
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from pathlib import Path

import pytest
import yaml

from dagster_project.demo import DemoTruth, simulate
from dagster_project.settings import DBT_PROJECT, ROOT

from ..identities import broken_identities
from ..shops import Shop, run_shop


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, DemoTruth, Path]:
    folder = tmp_path_factory.mktemp("demo")
    truth = simulate(folder / "exports/demo", seed=11, customers=900, months=12)
    shop = run_shop(folder, yaml.safe_load((ROOT / "data/exports.yml").read_text()))
    assert shop.result.success
    return shop, truth, folder / "exports/demo/truth"


def test_every_cohort_cell(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, _ = demo
    rows = shop.query(
        "select cast(cohort_start as varchar), period_number, cohort_size, retained_customers,"
        " retained_on_or_after from cohort_retention where study = 'order_to_order'"
        " and period = 'month' and segment_name = 'all'"
    )
    found = {(start, k): counts for start, k, *counts in rows}
    expected = {
        (cohort["cohort_month"], k): [cohort["cohort_size"], retained, on_or_after]
        for cohort in truth.cohorts
        for k, (retained, on_or_after) in enumerate(
            zip(cohort["retained"], cohort["retained_on_or_after"], strict=True)
        )
    }
    assert found == expected


def test_active_customers_of_every_day(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, _ = demo
    rows = shop.query(
        "select cast(activity_date as varchar), dau from active_customers"
        " where activity = 'session' and segment_name = 'all'"
    )
    found = dict(rows)
    expected = truth.daily_active_customers
    assert {day: found[day] for day in expected} == expected


def test_net_revenue_of_every_customer_who_pays_in_pounds(
    demo: tuple[Shop, DemoTruth, Path],
) -> None:
    shop, _, folder = demo
    net: dict[str, Decimal] = defaultdict(Decimal)
    foreign = set()
    with gzip.open(folder / "orders.csv.gz", "rt") as file:
        for order in csv.DictReader(file):
            net[order["customer_id"]] += Decimal(order["net_amount"])
            if order["currency"] != "GBP":
                foreign.add(order["customer_id"])
    in_pounds = {c: amount for c, amount in net.items() if c and c not in foreign}
    found = dict(shop.query("select customer_id, net_revenue from customer_value"))
    assert len(in_pounds) > 100
    assert {c: found[c] for c in in_pounds} == in_pounds


def test_every_garbled_row_is_told(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, _ = demo
    told = {
        (export, file, line)
        for export, file, line in shop.query("select export, file, line from quarantine")
    }
    unreadable = ("unreadable_date", "unreadable_amount", "future", "unknown_status")
    garbled = {
        (row["export"], f"exports/demo/{row['file']}", row["line"])
        for row in truth.garbled
        if row["kind"] in unreadable
    }
    assert garbled
    assert garbled <= told


def test_rows_of_each_kind_of_mess(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, _ = demo
    of_test_customers = dict(
        shop.query(
            "select export, count(*) from quarantine"
            " where reason = 'customer_id is a test customer' group by export"
        )
    )
    rows = shop.query(
        "select export, rows_in_files, rows_rejected, rows_loaded,"
        " rows_duplicate + rows_superseded, rows_used from source_accounting"
    )
    assert {export for export, *_ in rows} == set(truth.exports)
    for export, in_files, rejected, loaded, older, used in rows:
        made = truth.exports[export]
        again = made["repeated_rows"] + made["superseded_rows"] + made["stale_repeat_rows"]
        false = made["future_rows"] + made["unknown_status_rows"]
        assert in_files == made["rows_in_files"]
        assert rejected == made["unreadable_date_rows"] + made["unreadable_amount_rows"]
        assert loaded == made["clean_rows"] + again + false
        # what is neither used nor an older version is a test customer's, first or repeated
        set_aside = made["clean_rows"] - used + again - older
        assert set_aside == of_test_customers.get(export, 0)


def test_identities(demo: tuple[Shop, DemoTruth, Path]) -> None:
    assert broken_identities(demo[0]) == []


def test_every_penny_of_the_files_is_in_one_term(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, folder = demo
    terms = {
        term: (rows, amount)
        for term, rows, amount in shop.query("select term, row_count, amount from money_identity")
    }
    rows, amount = terms.pop("in files")
    assert rows == truth.exports["orders"]["rows_in_files"]
    assert amount == money_of_files(folder.parent)
    assert rows == sum(rows for rows, _ in terms.values())
    assert amount == sum(amount for _, amount in terms.values())
    made = truth.exports["orders"]
    assert terms["rejected"][0] == made["unreadable_date_rows"] + made["unreadable_amount_rows"]
    # only what lies after the as-of date is nothing: the files end with it
    assert [term for term, (rows, _) in terms.items() if not rows] == ["after as_of_date"]


def money_of_files(folder: Path) -> Decimal:
    """Pounds in every row of the order files, as far as its amount can be read."""
    rates = pounds_by_day()
    total = Decimal(0)
    for path in sorted(folder.glob("orders_*.csv")):
        delivered = path.stem.removeprefix("orders_")
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                day = row["Placed At"][:10]
                day = day if day.startswith("20") else delivered
                try:
                    amount = Decimal(row["Net Amount"])
                except InvalidOperation:
                    continue
                rate = Decimal(1) if row["Cur"] == "GBP" else rates[row["Cur"], day]
                total += (amount * rate).quantize(Decimal("0.0001"), ROUND_HALF_UP)
    return total


def pounds_by_day() -> dict[tuple[str, str], Decimal]:
    """Pounds for a euro or a dollar by day; on days without a quote the last of seven days."""
    with (DBT_PROJECT / "seeds/exchange_rates.csv").open() as file:
        quotes = {(row["currency"], row["rate_date"]): row for row in csv.DictReader(file)}
    rates = {}
    pounds: dict[str, float] = {}
    first, last = (dt.date.fromisoformat(pick(day for _, day in quotes)) for pick in (min, max))
    for n in range((last - first).days + 8):
        day = str(first + dt.timedelta(days=n))
        for currency in ("GBP", "USD"):
            if (currency, day) in quotes:
                pounds[currency] = float(quotes[currency, day]["units_per_euro"])
        for currency, per_euro in (("EUR", 1.0), ("USD", pounds["USD"])):
            rate = Decimal(pounds["GBP"] / per_euro)
            rates[currency, day] = rate.quantize(Decimal("1e-12"), ROUND_HALF_UP)
    return rates


def test_the_campaigns_that_fail_are_found_and_no_other(
    demo: tuple[Shop, DemoTruth, Path],
) -> None:
    shop, truth, _ = demo
    expected = {
        (ad["source"], ad["campaign"], month, ad["diagnosis"])
        for ad in truth.crm["failing_ads"]
        for month in ad["months"]
    }
    blamed = shop.query(
        "select channel, campaign, cast(month as varchar), diagnosis from campaign_funnel"
        " where diagnosis is not null"
    )
    assert set(blamed) == expected
    (innocent,) = shop.query("select count(*) from campaign_funnel where diagnosis is null")
    assert innocent[0] > 50
    pages = shop.query(
        "select source, campaign, cast(month as varchar), diagnosis from landing_page_funnel"
        " where diagnosis is not null"
    )
    assert set(pages) == expected


def test_messages_of_every_campaign(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, _ = demo
    found = shop.query(
        "select campaign, sum(sent), sum(delivered), sum(bounced), sum(opened), sum(clicked),"
        " sum(unsubscribed) from campaign_funnel where kind = 'message' group by 1"
    )
    statuses = ("sent", "delivered", "bounced", "opened", "clicked", "unsubscribed")
    assert {campaign: counts for campaign, *counts in found} == {
        campaign: [counts.get(status, 0) for status in statuses]
        for campaign, counts in truth.crm["messages"].items()
    }


def test_answers_points_invitations_and_coupons(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, _ = demo
    answers, points = truth.crm["surveys"], truth.crm["loyalty_points"]
    assert shop.query(
        "select sum(promoters), sum(passives), sum(detractors) from nps where segment_name = 'all'"
    ) == [(answers["promoters"], answers["passives"], answers["detractors"])]
    left = points["accrued"] - points["redeemed"] - points["expired"]
    assert shop.query(
        "select count(*), sum(accrued), sum(redeemed), sum(expired), sum(balance)"
        " from loyalty_balances"
    ) == [(points["members"], points["accrued"], points["redeemed"], points["expired"], left)]
    invited = truth.crm["referrals"]
    assert shop.query("select sum(invitations) from referral_growth") == [(invited["invitations"],)]
    assert shop.query("select count(*) from referred_customers") == [(invited["joined"],)]
    coupons = shop.query(
        "select campaign, redemptions, redeemers, redemptions_with_order from coupon_effect"
        " where not is_total"
    )
    assert {campaign: counts for campaign, *counts in coupons} == {
        campaign: [told["redemptions"], told["redeemers"], told["redemptions"]]
        for campaign, told in truth.crm["coupons"].items()
    }


def test_groups_drawn_at_random_show_no_effect(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, _, _ = demo
    for mart in ("loyalty_effect", "referral_effect"):
        groups = shop.query(f"select customers, value_low, value_high from {mart}")
        (many, low, high), (also, other_low, other_high) = groups
        assert min(many, also) > 20
        assert low <= other_high
        assert other_low <= high


def test_spending_is_shared_out_to_the_new_customers_of_each_source(
    demo: tuple[Shop, DemoTruth, Path],
) -> None:
    shop, _, folder = demo
    (ads,) = folder.parent.glob("ads_*.csv")
    with ads.open() as file:
        rows = list(csv.DictReader(file))
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        expected[row["Network"]] += Decimal(row["Spend"])
    found = shop.query(
        "select source, sum(spend), sum(cac * new_customers) from acquisition where is_complete"
        " and new_customers > 0 group by 1 having sum(spend) > 0"
    )
    paid = shop.query("select source, sum(spend) from acquisition group by 1 having sum(spend) > 0")
    assert dict(paid) == expected
    assert {source for source, *_ in found} == {"google_ads", "instagram"}
    for _, spend, shared in found:
        assert float(spend) == pytest.approx(shared)
