"""One mapped export of any kind is enough: what can be built is, the rest is empty and says why."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dagster_project.defs.dbt_assets import AVAILABILITY, MANIFEST
from dagster_project.warehouse.compare import RUN_TABLES
from dagster_project.warehouse.project import marts

from ...support.line import build_shop
from ...support.shops import Shop, run_shop
from ..test_crm import write_exports

#: Marts that follow from exports alone are asked why they are empty.
NOT_ASKED = {AVAILABILITY, *RUN_TABLES}
#: Marts of the CRM, and one of orders: each is filled by the exports named beside a shop, or empty.
WATCHED = {
    "coupon_effect", "loyalty_balances", "onboarding", "referral_growth", "nps", "cohort_value",
}  # fmt: skip


@pytest.mark.parametrize(
    ("export", "filled"),
    [
        pytest.param(
            "marketing_spend",
            {"acquisition", "campaign_funnel", "landing_page_funnel"},
            marks=pytest.mark.nightly,
        ),
        ("events", {"session_conversion", "cohort_retention", "active_customers"}),
    ],
)
def test_a_shop_with_a_single_export_is_green(
    tmp_path: Path, export: str, filled: set[str]
) -> None:
    shop = run_shop(tmp_path, config(tmp_path, export))
    assert shop.result.success
    told = told_by_marts(shop, export, filled)
    observed = [
        event.asset_observation_data.asset_observation
        for event in shop.result.all_events
        if event.is_asset_observation
    ]
    shown = {
        seen.asset_key.path[1]: seen.metadata["empty_because"].value
        for seen in observed
        if "empty_because" in seen.metadata
    }
    assert shown == {mart: reason for mart, reason in told.items() if reason}


@pytest.mark.parametrize(
    ("export", "filled"),
    [
        pytest.param("surveys", {"nps"}, marks=pytest.mark.nightly),
        ("orders", {"cohort_value", "coupon_effect", "repeat_purchase", "segment_value"}),
        pytest.param(
            "customers",
            {"onboarding", "active_customers", "cohort_retention"},
            marks=pytest.mark.nightly,
        ),
        pytest.param(
            "sessions",
            {"session_conversion", "cohort_retention", "landing_page_funnel"},
            marks=pytest.mark.nightly,
        ),
        ("messages", {"campaign_funnel", "communication_calendar", "active_customers"}),
        pytest.param("loyalty_points", {"loyalty_balances"}, marks=pytest.mark.nightly),
        pytest.param(
            "referrals", {"referral_growth", "referred_customers"}, marks=pytest.mark.nightly
        ),
        pytest.param("coupons", {"coupon_effect"}, marks=pytest.mark.nightly),
    ],
)
def test_what_a_single_export_cannot_fill_says_why(
    tmp_path: Path, export: str, filled: set[str]
) -> None:
    assert any(
        told_by_marts(build_shop(tmp_path, config(tmp_path, export)), export, filled).values()
    )


def config(folder: Path, export: str) -> dict[str, Any]:
    """A shop with this export only."""
    exports = write_exports(folder, [export])
    return {"settings": {"base_currency": "GBP"}, "exports": exports}


def told_by_marts(shop: Shop, export: str, filled: set[str]) -> dict[str, str | None]:
    """Of each mart why it is empty, None if it is not; reasons and rows fit the export."""
    tables = {name for (name,) in shop.query("select table_name from duckdb_tables()")}
    rows = {name: count(shop, name) for name in tables - NOT_ASKED}
    assert {name for name in filled if rows[name] > 0} == filled
    assert not [name for name in WATCHED - filled if rows[name] > 0]

    told = shop.query(f"select mart, rows, needs, is_filled, reason from {AVAILABILITY}")
    assert {mart: number for mart, number, *_ in told} == rows
    for mart, number, needs, is_filled, reason in told:
        lacking = [need for need in needs.split("; ") if need and export not in need]
        assert is_filled == (number > 0) == (reason is None), mart
        assert not (is_filled and lacking), f"{mart} needs no {lacking}"
        for exports in needs.split("; ") if needs else []:
            assert set(re.split(", | or ", exports)) <= made_of(f"model.retention.{mart}"), mart
        if lacking:
            assert reason == f"no export of {lacking[0]} is mapped"
        elif reason:
            assert not reason.startswith("no export")
    return {mart: reason for mart, *_, reason in told}


@cache
def made_of(node: str) -> set[str]:
    """The exports above a model in dbt's lineage; those of forecasts stand in the step before."""
    if node.startswith("source.retention.raw."):
        return {node.removeprefix("source.retention.raw.")}
    parents = MANIFEST["parent_map"].get(node, [])
    if node.startswith("source.retention.predictions."):
        parents = ["model.retention.purchase_groups"]
    return set().union(*(made_of(parent) for parent in parents))


def count(shop: Shop, table: str) -> int:
    return shop.query(f"select count(*) from {table}")[0][0]


def test_every_mart_is_asked() -> None:
    model = MANIFEST["nodes"][f"model.retention.{AVAILABILITY}"]
    asked = {MANIFEST["nodes"][node]["name"] for node in model["depends_on"]["nodes"]}
    assert asked == set(marts()) - {AVAILABILITY}
