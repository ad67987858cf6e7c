"""Two hundred random small shops through the whole line, against plain Python."""

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

import pytest

from ..oracle.churn import churn_bridge, monthly_churn
from ..oracle.conversion import session_conversion
from ..oracle.engagement import active_customers, lifecycle, stickiness
from ..oracle.facts import Facts, read
from ..oracle.generator import draw
from ..oracle.lifespans import lifespan_summary, lifespan_survival
from ..oracle.plans import PLANS
from ..oracle.purchases import repeat_purchase
from ..oracle.retention import SHIPPED, Study, cohort_retention, retention_curve
from ..shops import Shop, run_shop


class Run(NamedTuple):
    """The shops of a plan as the project sees them, and as they are."""

    shop: Shop
    facts: Facts
    studies: list[Study]


@pytest.fixture(scope="module", params=PLANS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    plan = PLANS[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    exports = draw(plan)
    shop = run_shop(folder, exports.write(folder, plan))
    assert shop.result.success
    return Run(shop, read(exports, plan), SHIPPED + [Study.of(row) for row in plan.studies])


def same(found: Any, expected: Any) -> bool:
    if isinstance(found, float) and isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=0, abs_tol=1e-12)
    return bool(found == expected)


def assert_mart(shop: Shop, mart: str, rows: Iterable[Any], key: int, where: str = "true") -> None:
    """The mart has exactly these rows; the first `key` columns tell them apart."""
    expected = {row[:key]: row for row in rows}
    columns = next(iter(expected.values()))._fields
    names = ", ".join(f'"{column}"' for column in columns)
    found = {row[:key]: row for row in shop.query(f"select {names} from {mart} where {where}")}
    assert set(found) - set(expected) == set()
    assert set(expected) - set(found) == set()
    different = [
        (row[:key], column, found[row[:key]][place], value)
        for row in expected.values()
        for place, (column, value) in enumerate(zip(columns, row, strict=True))
        if not same(found[row[:key]][place], value)
    ]
    assert different == []


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


def test_repeat_purchase(run: Run) -> None:
    assert_mart(run.shop, "repeat_purchase", repeat_purchase(run.facts), key=1)


def test_lifespans(run: Run) -> None:
    survival = list(lifespan_survival(run.facts))
    assert_mart(run.shop, "lifespan_survival", survival, key=3)
    assert_mart(run.shop, "lifespan_summary", lifespan_summary(run.facts, survival), key=2)


def test_session_conversion(run: Run) -> None:
    expected = session_conversion(run.facts)
    assert_mart(run.shop, "session_conversion", expected, key=1, where="segment_name = 'all'")
