"""Published subscription periods: recurring revenue and its movements, to the customer-month.

The figures are those published with the seed of dbt's MRR playbook; the file is made up to come to
them, since that seed may not be passed on. It is also a shop with one export only, and none of
orders, sessions and events.
"""

import csv
import datetime as dt
import shutil
from collections import Counter
from itertools import pairwise
from math import prod

import pytest
import yaml
from scipy.stats import chi2

from dagster_project.settings import ROOT

from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop, run_shop

DATA = DATA_SETS / "subscriptions"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("subscriptions")
    config = yaml.safe_load((ROOT / "data/presets/subscriptions.yml").read_text(encoding="utf-8"))
    shutil.copy(DATA / "subscription_periods.csv", folder)
    shop = run_shop(folder, config)
    assert shop.result.success
    return shop


def test_rows_and_paying_customer_months(shop: Shop) -> None:
    assert shop.query(
        "select count(*), count(*) filter (where mrr > 0), count(distinct customer_id)"
        " from subscription_mrr"
    ) == [(417, 352, 55)]


def test_movements(shop: Shop) -> None:
    rows = shop.query(
        "select movement, count(*), sum(change) from subscription_mrr"
        " where movement <> 'none' group by 1"
    )
    assert {movement: (customers, change) for movement, customers, change in rows} == {
        "new": (55, 2295),
        "expansion": (30, 660),
        "contraction": (27, -555),
        "reactivation": (3, 150),
        "churned": (58, -2550),
    }


def test_revenue_by_month(shop: Shop) -> None:
    rows = shop.query(
        "select month, closing from subscription_mrr_monthly where month >= '2019-07-01' order by 1"
    )
    months = [dt.date(2019, month, 1) for month in range(7, 13)]
    months += [dt.date(2020, 1, 1), dt.date(2020, 2, 1)]
    assert rows == list(zip(months, [1350, 1240, 1455, 1680, 1840, 1255, 175, 0], strict=True))


def test_churn_of_subscribers_by_day_agrees_with_revenue(shop: Shop) -> None:
    assert shop.query(
        "select sum(new_customers), sum(reactivated_customers), sum(churned_customers),"
        " sum(churned_mrr) from monthly_churn where base = 'subscription'"
    ) == [(55, 3, 58, 2550)]
    # beginning a subscription is an activity; orders there are none
    bases = shop.query("select distinct base from monthly_churn order by 1")
    assert bases == [("any",), ("subscription",)]


def test_marts_without_an_input_are_empty(shop: Shop) -> None:
    for mart in ("cohort_value", "customer_value"):
        assert shop.query(f"select count(*) from {mart}") == [(0,)]


def months_between(first: dt.date, day: dt.date) -> int:
    """Whole months; the file knows first days of months only."""
    return day.year * 12 + day.month - first.year * 12 - first.month


def test_renewals_by_cohort(shop: Shop) -> None:
    """Recounted from the file: a customer's first run of periods without a gap."""
    periods: dict[str, list[tuple[dt.date, dt.date]]] = {}
    with (DATA / "subscription_periods.csv").open() as file:
        for row in csv.DictReader(file):
            dates = [dt.date.fromisoformat(row[name]) for name in ("start_date", "end_date")]
            periods.setdefault(row["customer_id"], []).append((dates[0], dates[1]))
    sizes: Counter[dt.date] = Counter()
    left: Counter[tuple[dt.date, int]] = Counter()
    for runs in periods.values():
        start, end = min(runs)
        for first, last in sorted(runs):
            end = max(end, last) if first <= end else end
        sizes[start] += 1
        for number in range(months_between(start, dt.date(2020, 2, 1)) + 1):
            left[start, number] += number < months_between(start, end)
    expected = [(start, number, sizes[start], left[start, number]) for start, number in left]
    rows = shop.query(
        "select cohort_month, renewal_number, cohort_size, surviving_customers"
        " from subscription_retention where billing_months = 1 order by 1, 2"
    )
    assert rows == sorted(expected)
    assert sum(row[2] for row in rows if row[1] == 0) == 55
    assert shop.query("select bool_and(is_complete) from subscription_retention") == [(True,)]


#: Fader & Hardie (2007), How to project customer retention: customers left of 1,000.
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Their regular customers pay by the month, the high end by the year; one came last month."""
    folder = tmp_path_factory.mktemp("published")
    rows = ["H,H,2019-12-10,,10,3"]
    for name, left, start, months in [
        ("R", REGULAR, dt.date(2019, 5, 1), 1),
        ("E", HIGH_END, dt.date(2012, 12, 1), 12),
    ]:
        leaving = [before - after for before, after in pairwise(left)] + [left[-1]]
        ends = [start.year * 12 + start.month - 1 + k * months for k in range(1, len(left))]
        named = [f"{end // 12}-{end % 12 + 1:02}-01" for end in ends] + [""]
        who = [end for end, many in zip(named, leaving, strict=True) for _ in range(many)]
        rows += [f"{name}{n},{name}{n},{start},{end},10,{months}" for n, end in enumerate(who)]
    (folder / "plans.csv").write_text(
        "id,who,start,end,price,months\n" + "\n".join(rows) + "\n", encoding="utf-8"
    )
    columns = {
        "subscription_id": "id", "customer_id": "who", "start_date": "start", "end_date": "end",
        "amount": "price", "billing_months": "months",
    }  # fmt: skip
    export = {"files": "plans.csv", "delivered_at": "2020-01-01", "columns": columns}
    settings = {"as_of_date": "2019-12-31", "renewals_ahead": 3}
    return build_shop(folder, {"settings": settings, "exports": {"subscriptions": export}})


@pytest.mark.parametrize(
    ("months", "left", "alpha", "beta"), [(1, REGULAR, 0.704, 1.182), (12, HIGH_END, 0.668, 3.806)]
)
def test_contracts_as_published(
    published: Shop, months: int, left: list[int], alpha: float, beta: float
) -> None:
    rows = published.query(
        "select renewal_number, surviving_customers, survival_rate, renewal_rate,"
        " projected_survival_rate, renewals_to_come, alpha, beta, alpha_low, alpha_high,"
        " projection_reason from subscription_projection"
        f" where billing_months = {months} order by 1"
    )
    assert [row[1] for row in rows] == [*left, 0, 0, 0]
    assert [row[2] for row in rows] == [*(many / 1000 for many in left), None, None, None]
    assert rows[2][3] == pytest.approx(left[2] / left[1])
    assert rows[0][6:8] == pytest.approx((alpha, beta), rel=1e-3)
    assert rows[0][8] < alpha < rows[0][9]
    assert rows[0][10] is None

    def survival(renewals: int) -> float:
        return prod((beta + i) / (alpha + beta + i) for i in range(renewals))

    assert [row[4] for row in rows] == pytest.approx([survival(n) for n in range(11)], rel=2e-3)
    # the next renewal counts whole; after 3,000 of them nothing is left
    share, total = survival(2), 0.0
    for n in range(2, 3000):
        share *= (beta + n) / (alpha + beta + n)
        total += share / survival(2) * 1.1 ** (-(n - 2) * months / 12)
    assert rows[2][5] == pytest.approx(total, rel=5e-3)
    holds = published.query(
        "select bool_and(projected_survival_rate between projected_survival_low and"
        " projected_survival_high), bool_and(renewals_to_come between renewals_to_come_low and"
        " renewals_to_come_high), bool_and(projected_renewal_rate between projected_renewal_low"
        " and projected_renewal_high), min(fit_p_value), bool_or(is_fit_rejected)"
        f" from subscription_projection where billing_months = {months}"
    )
    # scipy finds ratios of 1.463 and 12.223, of which chi-squared has 5 degrees
    likely = chi2.sf({1: 1.463, 12: 12.223}[months], 5)
    assert holds == [(True, True, True, pytest.approx(likely, abs=0.03), likely < 0.05)]
    assert published.query(
        "select surviving_customers, projected_survival_rate, is_complete"
        f" from subscription_retention where billing_months = {months} and renewal_number = 7"
    ) == [(left[7], pytest.approx(survival(7), rel=2e-3), True)]


def test_a_cohort_too_young_is_told_with_its_reason(published: Shop) -> None:
    assert published.query(
        "select eligible_customers, survival_rate, projected_survival_rate, alpha,"
        " projection_reason from subscription_projection where billing_months = 3"
    ) == [(1, 1.0, None, None, "complete renewals seen: 0, fewer than 2")]
