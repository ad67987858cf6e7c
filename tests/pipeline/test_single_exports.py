"""One mapped export of any kind is enough: what can be built is, the rest is there and empty."""

from pathlib import Path

import pytest

from ..shops import Shop, run_shop
from .test_crm import write_exports

#: Tables that tell of the run itself.
OPERATIONS = {"data_warnings", "quarantine", "source_accounting"}


@pytest.mark.parametrize(
    ("export", "filled"),
    [
        ("marketing_spend", {"acquisition", "campaign_funnel", "landing_page_funnel"}),
        ("surveys", {"nps"}),
    ],
)
def test_a_shop_with_a_single_export(tmp_path: Path, export: str, filled: set[str]) -> None:
    exports = write_exports(tmp_path, [export])
    shop = run_shop(tmp_path, {"settings": {"base_currency": "GBP"}, "exports": exports})
    assert shop.result.success
    tables = {name for (name,) in shop.query("select table_name from duckdb_tables()")}
    rows = {name: count(shop, name) for name in tables - OPERATIONS}
    crm = {"coupon_effect", "loyalty_balances", "onboarding", "referral_growth", "nps"}
    assert crm | {"cohort_retention"} < set(rows)
    assert {name for name in filled if rows[name] > 0} == filled
    assert not [name for name in (crm | {"cohort_value"}) - filled if rows[name] > 0]


def count(shop: Shop, table: str) -> int:
    return shop.query(f"select count(*) from {table}")[0][0]
