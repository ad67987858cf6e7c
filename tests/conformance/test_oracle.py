"""Two hundred random small shops through the whole line, against plain Python."""

from collections.abc import Iterable, Sequence
from datetime import UTC
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from ..support.line import build_shop
from ..support.oracle.churn import churn_bridge, churn_by_segment, monthly_churn, stays
from ..support.oracle.compare import differences
from ..support.oracle.conversion import session_conversion
from ..support.oracle.crm import coupon_redemptions, loyalty_balances, nps, referral_growth
from ..support.oracle.effects import SHARES, Effect, behaviour_effect
from ..support.oracle.engagement import active_customers, lifecycle, stickiness
from ..support.oracle.exports import Exports
from ..support.oracle.facts import Facts, read
from ..support.oracle.generator import draw
from ..support.oracle.lifespans import lifespan_summary, lifespan_survival
from ..support.oracle.plans import PLANS, Plan
from ..support.oracle.purchases import repeat_purchase
from ..support.oracle.retention import SHIPPED, Study, cohort_retention, retention_curve
from ..support.shops import Shop


class Run(NamedTuple):
    """The shops of a plan as the project sees them, and as they are."""

    shop: Shop
    exports: Exports
    facts: Facts
    studies: list[Study]
    plan: Plan


#: What is built: the marts asked below, and what they are made of.
MARTS = (
    "active_customers",
    "behaviour_effect",
    "churn_bridge",
    "churn_by_segment",
    "cohort_retention",
    "coupon_effect",
    "lifecycle",
    "lifespan_summary",
    "lifespan_survival",
    "loyalty_balances",
    "monthly_churn",
    "nps",
    "referral_growth",
    "repeat_purchase",
    "retention_curve",
    "session_conversion",
    "stickiness",
)


#: Two of the shops are enough for every push: one with clocks that change, one without.
EVERY_NIGHT = ("new_york", "lord_howe")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=pytest.mark.nightly if name in EVERY_NIGHT else ())
        for name in PLANS
    ],
)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    plan = PLANS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    exports = draw(plan)
    shop = build_shop(folder, exports.write(folder, plan), *MARTS)
    studies = SHIPPED + [Study.of(row) for row in plan.studies]
    return Run(shop, exports, read(exports, plan), studies, plan)


def assert_mart(shop: Shop, mart: str, rows: Iterable[Any], key: int, where: str = "true") -> None:
    """The mart has exactly these rows; the first `key` columns tell them apart."""
    assert differences(shop, mart, rows, key, where) == []


def test_the_shops_hold_what_is_hard(run: Run) -> None:
    facts, zone = run.facts, ZoneInfo(run.facts.settings["business_time_zone"])
    orders, patience = facts.days["order"], facts.settings["churn_after_days"]
    pauses = [
        (later - day).days
        for days in facts.days["any"].values()
        for day, later in pairwise(sorted(days))
    ]
    assert {patience, patience + 1} <= set(pauses)
    assert any(len(own) > 1 for own in stays(facts, "order").values())
    refunded_only = {row["customer_id"] for row in run.exports.rows["refunds"]} - set(orders)
    assert len(refunded_only) > 1
    assert facts.first_day < facts.history_starts_on
    assert any(not visit.customer for visit in facts.visits)
    local = [one.at.replace(tzinfo=UTC).astimezone(zone) for one in facts.happenings]
    assert {(0, 0), (23, 45)} <= {(at.hour, at.minute) for at in local}
    assert zone.key == "UTC" or len({at.utcoffset() for at in local}) == 2
    cells = list(cohort_retention(facts, run.studies))
    assert any(cell.is_complete and cell.retained_customers == 0 for cell in cells)
    assert any(not cell.is_complete and cell.retained_customers > 0 for cell in cells)


def test_cohort_retention_and_its_curve(run: Run) -> None:
    cells = list(cohort_retention(run.facts, run.studies))
    assert_mart(run.shop, "cohort_retention", cells, key=7)
    assert_mart(run.shop, "retention_curve", retention_curve(cells), key=6)


def test_lifecycle(run: Run) -> None:
    assert_mart(run.shop, "lifecycle", lifecycle(run.facts), key=5)


def test_active_customers(run: Run) -> None:
    assert_mart(run.shop, "active_customers", active_customers(run.facts), key=4)


def test_stickiness(run: Run) -> None:
    assert_mart(run.shop, "stickiness", stickiness(run.facts), key=5)


def test_churn_and_its_bridge(run: Run) -> None:
    assert_mart(run.shop, "monthly_churn", monthly_churn(run.facts), key=2)
    assert_mart(run.shop, "churn_bridge", churn_bridge(run.facts), key=3)
    segments = list(churn_by_segment(run.facts))
    assert any(row.churned_customers for row in segments if row.segment_name == "first_month")
    silence = "base <> 'subscription'"
    assert_mart(run.shop, "churn_by_segment", segments, key=4, where=silence)


def test_repeat_purchase(run: Run) -> None:
    assert_mart(run.shop, "repeat_purchase", repeat_purchase(run.facts), key=1)


def test_lifespans(run: Run) -> None:
    survival = list(lifespan_survival(run.facts))
    assert_mart(run.shop, "lifespan_survival", survival, key=3)
    assert_mart(run.shop, "lifespan_summary", lifespan_summary(run.facts, survival), key=2)


def test_behaviours_by_their_landmark(run: Run) -> None:
    expected = {row[:2]: row for row in behaviour_effect(run.facts)}
    assert len(expected) > 12
    assert all(row.members + row.others > 20 for row in expected.values())
    columns = ", ".join(Effect._fields)
    rows = [Effect._make(row) for row in run.shop.query(f"select {columns} from behaviour_effect")]
    assert {row[:2] for row in rows} == set(expected)
    for found in rows:
        row = expected[found[:2]]
        assert found[:6] == row[:6]
        assert nearly(found[6:9], row[6:9], 1e-12), row
        # the bounds of averages are rounded to six places
        assert nearly(found[9:11], row[9:11], 1e-12 if row.outcome in SHARES else 2e-6), row
        assert nearly([found.p_value], [row.p_value], 5e-4), row
        assert found.is_significant == row.is_significant, row
    assert any(row.p_value for row in rows)
    assert any(row.low is not None for row in rows if row.outcome == "revenue")


def nearly(found: Sequence[Any], right: Sequence[Any], tolerance: float) -> bool:
    """Whether figures are equal within the tolerance, and missing in the same places."""
    return all(
        one is other if one is None or other is None else abs(one - other) <= tolerance
        for one, other in zip(found, right, strict=True)
    )


def test_session_conversion(run: Run) -> None:
    expected = session_conversion(run.facts)
    assert_mart(run.shop, "session_conversion", expected, key=1, where="segment_name = 'all'")


def test_answers_points_invitations_and_redemptions(run: Run) -> None:
    if not run.plan.has_crm:
        pytest.skip(
            "surveys, points, referrals and coupons are missing in the exports of this plan"
        )
    months = list(referral_growth(run.exports, run.facts))
    assert any(month.is_complete and month.joined for month in months)
    assert any(not month.is_complete and month.joined for month in months)
    answers = [cell for cell in nps(run.exports, run.facts) if cell.segment_name == "all"]
    assert sum(cell.promoters_retained + cell.detractors_retained for cell in answers) > 10
    for mart, expected, key in (
        ("nps", nps, 4),
        ("loyalty_balances", loyalty_balances, 1),
        ("referral_growth", referral_growth, 1),
        ("coupon_effect", coupon_redemptions, 2),
    ):
        assert_mart(run.shop, mart, expected(run.exports, run.facts), key=key)
