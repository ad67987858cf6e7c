"""A year of a grocer's panel, written in UTC and lived in New York.

Expected figures are those of the data's README, recounted from the files.
"""

import datetime as dt
from decimal import Decimal

import pytest

from ..support.identities import MARTS, broken_identities
from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop, preset

#: Further real data: the published answers of two shops and two trackers are in every push.
pytestmark = pytest.mark.nightly

DATA = DATA_SETS / "complete_journey"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(
        tmp_path_factory.mktemp("journey"),
        preset("complete_journey", DATA),
        "coupon_effect",
        "campaign_funnel",
        "customer_value",
        "source_accounting",
        *MARTS,
    )


def test_every_row_is_used(shop: Shop) -> None:
    rows = shop.query(
        "select export, rows_in_files, rows_used, rows_without_customer, amount_in_cohorts"
        " from source_accounting order by 1"
    )
    assert rows == [
        ("coupons", 2102, 2102, 0, None),
        ("customers", 801, 801, 0, None),
        ("messages", 6589, 6589, 0, None),
        ("orders", 155_848, 155_848, 0, Decimal("4596039.5800")),
    ]


def test_new_year_in_new_york_is_not_that_of_utc(shop: Shop) -> None:
    baskets = "count(*), count(distinct customer_id)"
    with shop.warehouse.connect() as con:
        (in_utc,) = con.execute(
            f"select {baskets} from raw.orders where ordered_at >= '2018-01-01'"
        ).fetchall()
        (in_new_york,) = con.execute(
            f"select {baskets}, min(order_date), max(order_date) from core.orders"
        ).fetchall()
    assert in_utc == (86, 77)
    assert in_new_york == (155_848, 2469, dt.date(2017, 1, 1), dt.date(2017, 12, 31))


def test_every_household_is_in_a_cohort_of_2017(shop: Shop) -> None:
    assert shop.query("select count(*), sum(orders) from customer_value") == [(2469, 155_848)]
    assert shop.query(
        "select sum(cohort_size), min(cohort_start), max(cohort_start) from cohort_retention"
        " where study = 'order_to_order' and period = 'month' and segment_name = 'all'"
        " and period_number = 0"
    ) == [(2469, dt.date(2017, 1, 1), dt.date(2017, 12, 1))]


def test_redemptions_keep_the_day_of_the_file(shop: Shop) -> None:
    with shop.warehouse.connect() as con:
        ((redemptions, households, first, last),) = con.execute(
            "select count(*), count(distinct customer_id), min(redemption_date),"
            " max(redemption_date) from staging.stg_coupon_rows where row_status = 'used'"
        ).fetchall()
        # a redemption has its basket where a coupon was taken off on that day
        ((without_basket,),) = con.execute(
            "select count(*) from staging.stg_coupon_rows as coupons where not exists ("
            "select 1 from core.orders where orders.customer_id = coupons.customer_id"
            " and orders.order_date = coupons.redemption_date and orders.coupon_code is not null)"
        ).fetchall()
    assert (redemptions, households, without_basket) == (2102, 410, 167)
    assert (first, last) == (dt.date(2017, 1, 1), dt.date(2017, 12, 31))


def test_every_household_is_sent_its_campaigns_on_their_first_day(shop: Shop) -> None:
    with shop.warehouse.connect() as con:
        found = con.execute(
            "select cast(campaign as bigint), message_date, count(*) from staging.stg_message_rows"
            " where row_status = 'used' group by all order by all"
        ).fetchall()
        expected = con.execute(
            "select campaign_id, cast(start_date as date), count(*)"
            f" from '{DATA}/campaigns.parquet'"
            f" join '{DATA}/campaign_descriptions.parquet' using (campaign_id)"
            " group by all order by all"
        ).fetchall()
    assert len(expected) == 27
    assert found == expected


def test_identities(shop: Shop) -> None:
    assert broken_identities(shop) == []


def test_coupons_are_those_of_the_files(shop: Shop) -> None:
    with shop.warehouse.connect() as con:
        expected = con.execute(
            f"""
            with discounted as (
                select distinct household_id, cast(
                    timezone('America/New_York', timezone('UTC', ts)) as date
                ) as day
                from '{DATA}/baskets_*.parquet'
                where coupon_disc > 0
            )
            select
                cast(redemptions.campaign_id as varchar), count(*),
                count(distinct redemptions.household_id), count(discounted.day)
            from '{DATA}/coupon_redemptions.parquet' as redemptions
            left join discounted
                on redemptions.household_id = discounted.household_id
                and cast(redemptions.redemption_date as date) = discounted.day
            group by 1
            """
        ).fetchall()
    found = shop.query(
        "select campaign, redemptions, redeemers, redemptions_with_order from coupon_effect"
        " where not is_total"
    )
    assert sorted(found) == sorted(expected)
    assert len(expected) > 20
    assert shop.query(
        "select redemptions, redeemers, redemptions - redemptions_with_order from coupon_effect"
        " where is_total"
    ) == [(2102, 410, 167)]


def test_recipients_of_a_campaign_and_who_of_them_redeemed(shop: Shop) -> None:
    with shop.warehouse.connect() as con:
        expected = con.execute(
            f"""
            select
                cast(campaigns.campaign_id as varchar), count(*),
                count(redeemers.household_id) / count(*)
            from '{DATA}/campaigns.parquet' as campaigns
            left join (
                select distinct campaign_id, household_id
                from '{DATA}/coupon_redemptions.parquet'
            ) as redeemers using (campaign_id, household_id)
            where campaign_id in (select campaign_id from '{DATA}/coupon_redemptions.parquet')
            group by 1
            """
        ).fetchall()
    found = shop.query(
        "select campaign, recipients, redemption_rate from coupon_effect where not is_total"
    )
    assert sorted(found) == sorted(expected)
