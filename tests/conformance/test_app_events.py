"""A clickstream without orders: every mart that goes by activity, and its identities."""

import csv
import gzip
from collections import Counter

import pytest

from ..support.identities import MARTS, broken_identities
from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop, preset

#: Further real data: the published answers of two shops and two trackers are in every push.
pytestmark = pytest.mark.nightly

DATA = DATA_SETS / "app_events"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(
        tmp_path_factory.mktemp("app_events"),
        preset("app_events", DATA),
        "source_accounting",
        *MARTS,
    )


@pytest.fixture(scope="module")
def delivered() -> list[dict[str, str]]:
    """The rows of the file."""
    with gzip.open(DATA / "ecom.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_rows_and_users_of_the_file(shop: Shop) -> None:
    rows = shop.query(
        "select export, rows_in_files, rows_used, rows_without_customer from source_accounting"
        " order by 1"
    )
    # thirty clicks stand twice in the file: as many of one kind as it has are kept
    assert rows == [("customers", 600, 600, 0), ("events", 31_106, 31_106, 0)]


def test_occurrences_of_every_activity(shop: Shop, delivered: list[dict[str, str]]) -> None:
    expected = Counter(row["event"] for row in delivered)
    expected["session"] = len({row["session_id"] for row in delivered})
    assert (len(delivered), expected["session"], expected["purchase"]) == (31_106, 3605, 470)
    expected["any"] = expected.total()
    with shop.warehouse.connect() as con:
        found = con.execute(
            "select activity, sum(occurrences) from core.customer_activity_days group by 1"
        ).fetchall()
    assert dict(found) == expected


def test_daily_users_of_every_channel(shop: Shop, delivered: list[dict[str, str]]) -> None:
    seen = {(r["acquisition_channel"], r["timestamp"][:10], r["user_id"]) for r in delivered}
    expected = Counter((channel, day) for channel, day, _ in seen)
    found = shop.query(
        "select segment_value, cast(activity_date as varchar), dau from active_customers"
        " where activity = 'any' and segment_name = 'acquisition_source' and dau > 0"
    )
    assert {(channel, day): users for channel, day, users in found} == expected


def test_identities(shop: Shop) -> None:
    assert broken_identities(shop) == []
