"""Published subscription periods: recurring revenue and its movements, to the customer-month.

The file is the seed of dbt's MRR playbook; the figures are those published with it. It is also a
shop with one export only, and none of orders, sessions and events.
"""

import datetime as dt

import pytest
import yaml

from dagster_project.settings import ROOT

from ..shops import SHARED, Shop, run_shop

DATA = SHARED / "data/subscriptions"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("subscriptions")
    config = yaml.safe_load((ROOT / "data/presets/subscriptions.yml").read_text())
    (folder / "subscription_periods.csv").symlink_to(DATA / "subscription_periods.csv")
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
