"""The demo shop garbles its exports as real shops do; the marts must give its truth back.

The truth is counted by the simulator from its clean draws, in Python, before the mess is made.
"""

import csv
import datetime as dt
import gzip
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from dagster_project.demo import DemoTruth, read_truth
from dagster_project.demo.draws.clock import to_local
from dagster_project.demo.draws.shop import Shop as SimulatedShop
from dagster_project.demo.draws.shop import draw_shop
from dagster_project.demo.ground_truth import clean_orders
from dagster_project.demo.parameters import DAY, ShopParameters
from dagster_project.settings import DBT_PROJECT
from dagster_project.warehouse.files import Warehouse

from ..support.identities import broken_identities
from ..support.shops import Shop

MONTHS = 12
SILENCE = 90  # churn_after_days


@pytest.fixture(scope="module")
def demo(demo_folder: Path) -> tuple[Shop, DemoTruth, Path]:
    shop = Shop(Warehouse(demo_folder / "warehouse"))
    exports = demo_folder / "exports/demo"
    return shop, read_truth(exports), exports / "truth"


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
    # when a customer signed up is optional: the profile stays without it
    profiles = {row for row in garbled if row[0] == "customers"}
    assert profiles
    assert garbled - profiles <= told
    warned = shop.query(
        "select occurrences from data_warnings where export = 'customers'"
        " and warning = 'signed_up_at could not be read and is empty'"
    )
    assert warned == [(len(profiles),)]


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
        emptied = made["unreadable_date_rows"] if export == "customers" else 0
        unreadable = made["unreadable_date_rows"] + made["unreadable_amount_rows"]
        assert rejected == unreadable - emptied
        assert loaded == made["clean_rows"] + again + false + emptied
        # what is neither used nor an older version is a test customer's, first or repeated
        set_aside = made["clean_rows"] + emptied - used + again - older
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


@pytest.fixture(scope="module")
def population() -> SimulatedShop:
    """Forty times as many customers drawn as the demo's are: their shares are the true rates."""
    return draw_shop(ShopParameters(seed=12, customers=36_000, months=MONTHS))


def test_true_daily_return_rates_lie_within_the_stated_intervals(
    demo: tuple[Shop, DemoTruth, Path], population: SimulatedShop
) -> None:
    """One cell of every daily cohort, each at another offset, so that no customer counts twice."""
    shop, _, _ = demo
    true_rates = daily_return_rates(population)
    cells = shop.query(
        "select cohort_start, cohort_size, period_number, rate_low, rate_high"
        " from cohort_retention where study = 'session_to_session' and period = 'day'"
        " and segment_name = 'all' and is_complete"
        " and period_number = 1 + (cohort_start - date '2023-01-01') % 30"
    )
    assert len(cells) > 250
    hits, chances = 0, []
    for start, size, offset, low, high in cells:
        rate = true_rates[start.month - 1, offset]
        hits += low <= rate <= high
        chances.append(chance_of_a_hit(size, rate))
    # small cohorts: what Wilson's interval holds of a binomial with this very rate, not always 95 %
    mean, deviation = sum(chances), np.sqrt(sum(c * (1 - c) for c in chances))
    assert mean / len(cells) > 0.93
    assert abs(hits - mean) < 3.3 * deviation


def test_true_churn_rates_lie_within_the_stated_intervals(
    demo: tuple[Shop, DemoTruth, Path], population: SimulatedShop
) -> None:
    shop, _, _ = demo
    true_rates = monthly_churn_rates(population)
    cells = shop.query(
        "select month(month), churn_rate_low, churn_rate_high from monthly_churn"
        " where base = 'order' and is_complete and churned_customers > 0"
    )
    hits = sum(low <= true_rates[month - 1] <= high for month, low, high in cells)
    assert len(cells) >= 8
    assert hits >= binom.ppf(0.001, len(cells), 0.95)


def chance_of_a_hit(size: int, rate: float) -> float:
    """How likely Wilson's interval of so many customers holds the rate they come back at."""
    chance = 0.0
    for returned in range(size + 1):
        interval = binomtest(returned, size).proportion_ci(method="wilson")
        if interval.low <= rate <= interval.high:
            chance += binom.pmf(returned, size, rate)
    return chance


def daily_return_rates(shop: SimulatedShop) -> np.ndarray:
    """Share with a session k days after the first, by month of the first: months x 31."""
    sessions = shop.sessions
    owner = shop.links().owner(sessions.visitor, sessions.customer, sessions.started_at)
    day = to_local(sessions.started_at) // DAY
    real = (owner >= 0) & ~shop.people.is_test[owner]
    owner, day = np.unique(np.stack([owner[real], day[real]]), axis=1)
    first = np.full(len(shop.people), shop.parameters.end_day)
    np.minimum.at(first, owner, day)
    starts = month_starts(shop)
    rates = np.full((MONTHS, 31), np.nan)
    for offset in range(31):
        came_back = np.isin(np.arange(len(first)), owner[day == first[owner] + offset])
        # the last cohorts are not seen for so long
        seen = first + offset < shop.parameters.end_day
        month = np.searchsorted(starts, first, side="right") - 1
        size = np.bincount(month[seen], minlength=MONTHS)
        returned = np.bincount(month[seen & came_back], minlength=MONTHS)
        rates[:, offset] = returned / np.maximum(size, 1)
    return rates


def monthly_churn_rates(shop: SimulatedShop) -> np.ndarray:
    """Customers who end in each month over those there when it begins."""
    clean = clean_orders(shop, shop.links())
    mine = clean.owner >= 0
    owner, day = np.unique(np.stack([clean.owner[mine], clean.day[mine]]), axis=1)
    is_first = np.diff(owner, prepend=-1) != 0
    after_silence = np.diff(day, prepend=0) > SILENCE
    opens = is_first | after_silence
    starts, ends = day[opens], day[np.append(opens[1:], True)] + SILENCE
    months = month_starts(shop)
    rates = np.full(MONTHS, np.nan)
    for month, (begin, end) in enumerate(pairwise(months)):
        opening = ((starts < begin) & (ends >= begin)).sum()
        churned = ((ends >= begin) & (ends < end)).sum()
        rates[month] = churned / max(opening, 1)
    return rates


def month_starts(shop: SimulatedShop) -> np.ndarray:
    """First day of each month, and the day after the last: days since 1970."""
    months = [shop.parameters.month_start(month) for month in range(MONTHS + 1)]
    return np.array(months, dtype="datetime64[D]").astype(int)


def test_recurring_revenue_of_every_month(demo: tuple[Shop, DemoTruth, Path]) -> None:
    shop, truth, _ = demo
    rows = shop.query(
        "select cast(month as varchar), closing_customers, closing from subscription_mrr_monthly"
    )
    found = {month: (customers, float(mrr)) for month, customers, mrr in rows}
    expected = {row["month"]: (row["customers"], row["mrr"]) for row in truth.recurring_revenue}
    assert found == expected


def test_the_message_that_works_is_told_from_the_one_that_does_not(
    demo: tuple[Shop, DemoTruth, Path],
) -> None:
    shop, _, _ = demo
    rows = shop.query(
        "select audience, uplift, low, high, treated_messaged, held_out_messaged"
        " from audience_uplift"
    )
    found = {audience: figures for audience, *figures in rows}
    assert set(found) == {"renewal_due", "win_back"}
    # 90 % of those who are written to renew, of the others 45 %
    uplift, low, high, written_to, wrongly = found["renewal_due"]
    assert 0 < low < 0.45 < high
    assert written_to > 50
    assert wrongly == 0
    # silent buyers order as they would have without the message
    uplift, low, high, written_to, wrongly = found["win_back"]
    assert low < 0 < high
    assert abs(uplift) < 0.1
    assert written_to > 100
    assert wrongly == 0


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
        " sum(unsubscribed) from campaign_funnel where kind = 'message'"
        " and campaign not in ('renewal_due', 'win_back') group by 1"
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


def test_the_loyal_tenth_is_found_and_no_source_passes_for_it(
    demo: tuple[Shop, DemoTruth, Path],
) -> None:
    """Loyalty is drawn at the start, and amounts by it; sources are drawn apart."""
    shop, _, _ = demo
    rows = shop.query(
        "select segment_name, segment_value, multiple_of_others, multiple_low, multiple_high"
        " from segment_value where horizon_days = 90 and multiple_low is not null"
    )
    found = {(name, value): figures for name, value, *figures in rows}
    multiple, low, high = found.pop(("tier", "loyal"))
    assert 1.5 < low < multiple < high
    assert low <= ShopParameters().loyal_multiple <= high
    the_other_way = found.pop(("tier", "standard"))
    assert the_other_way == pytest.approx([1 / multiple, 1 / high, 1 / low], rel=1e-4)
    # the shop draws countries apart too, but their customers pay in currencies of their own
    assert {"country", "acquisition_source"} == {name for name, _ in found}
    assert not [segment for segment, (_, low, _) in found.items() if low > 1]
    sources = [figures for (name, _), figures in found.items() if name == "acquisition_source"]
    assert len(sources) == 6
    assert all(low < 1 < high for _, low, high in sources)


def test_the_loyal_tier_spends_more_and_orders_as_often(
    demo: tuple[Shop, DemoTruth, Path],
) -> None:
    """Of the tier nothing but the amounts of orders depends, and nobody changes it."""
    shop, _, _ = demo
    rows = shop.query(
        "select segment_value, customers, customers_told_later, rate_difference_low,"
        " rate_difference_high, value_difference_low, value_difference_high,"
        " value_per_customer from tier_effect where segment_name = 'tier'"
    )
    found = {tier: figures for tier, *figures in rows}
    assert set(found) == {"loyal", "standard"}
    many, told_later, rate_low, rate_high, low, high, loyal = found["loyal"]
    also, _, _, _, other_low, other_high, standard = found["standard"]
    assert told_later < 0.05 * (many + also)
    assert rate_low < 0 < rate_high
    assert 0 < low < loyal - standard < high
    assert low < (ShopParameters().loyal_multiple - 1) * standard < high
    assert (other_low, other_high) == pytest.approx((-high, -low))


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
