"""Web and app events of a tracker, with the visits and sales that its own models make of them."""

import csv
import gzip
from decimal import Decimal

import pytest

from dagster_project.settings import ROOT

from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop, preset

DATA = DATA_SETS / "snowplow_ecommerce"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(
        tmp_path_factory.mktemp("snowplow"),
        preset("snowplow_ecommerce", DATA),
        "session_conversion",
        "quarantine",
    )


def expected(name: str) -> list[dict[str, str]]:
    path = DATA / f"snowplow_ecommerce_{name}_expected.csv.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_visits_are_the_expected_ones(shop: Shop) -> None:
    with shop.warehouse.connect() as con:
        rows = con.execute("select session_id from core.sessions").fetchall()
    assert len(rows) == 63
    assert {visit for (visit,) in rows} == {row["domain_sessionid"] for row in expected("sessions")}


def test_sales_are_the_expected_ones(shop: Shop) -> None:
    sales = {
        row["transaction_id"]: (row["transaction_currency"], Decimal(row["transaction_revenue"]))
        for row in expected("transaction_interactions")
    }
    with shop.warehouse.connect() as con:
        rows = con.execute("select order_id, currency, amount from raw.orders").fetchall()
        converted = dict(con.execute("select order_id, amount from core.orders").fetchall())
    assert len(rows) == len(converted) == 14
    assert {sale: (currency, amount) for sale, currency, amount in rows} == sales
    dollars = {sale for sale, (currency, _) in sales.items() if currency == "USD"}
    assert dollars == {"id-123"}
    assert {sale: amount for sale, amount in converted.items() if sale not in dollars} == {
        sale: amount for sale, (_, amount) in sales.items() if sale not in dollars
    }


def test_the_sale_in_dollars_is_converted_at_the_rate_of_its_day(shop: Shop) -> None:
    # the sale was on a Sunday, so that the rate is Friday's
    with (ROOT / "dbt_project/seeds/exchange_rates.csv").open() as file:
        (per_euro,) = (
            Decimal(row["units_per_euro"])
            for row in csv.DictReader(file)
            if (row["currency"], row["rate_date"]) == ("USD", "2022-11-18")
        )
    with shop.warehouse.connect() as con:
        ((amount,),) = con.execute(
            "select amount from core.orders where order_id = 'id-123'"
        ).fetchall()
    assert amount == round(Decimal(231_231) / per_euro, 4)
    assert shop.query("select count(*) from quarantine") == [(0,)]
