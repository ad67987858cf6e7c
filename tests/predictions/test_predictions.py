"""A shop whose customers leave by a law the model does not hold: all of them on one day."""

import datetime as dt
import random
import shutil
from pathlib import Path

import duckdb
import pytest

from dagster_project.defs.resources import Shop as Resource
from dagster_project.quality.gates_marts import mart_gates
from dagster_project.quality.gx.suites import run_gates

from ..support.line import build_shop
from ..support.shops import Shop

START = dt.date(2024, 1, 1)
CUSTOMERS = 200
STOP, END = 30 * 7, 52 * 7


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Steady buyers until the 30th week, when the shop loses them all but one."""
    folder = tmp_path_factory.mktemp("closed")
    rng = random.Random(5)
    rows = [f"late,{START + dt.timedelta(END - 1)},9.00\n"]
    for customer in range(CUSTOMERS):
        day = rng.randrange(7 * 20)
        gap = rng.uniform(7, 60)
        while day < STOP:
            moment = START + dt.timedelta(day)
            rows.append(f"C{customer},{moment},{rng.uniform(5, 50):.2f}\n")
            day += 1 + int(rng.expovariate(1 / gap))
    (folder / "orders.csv").write_text("who,at,total\n" + "".join(rows), encoding="utf-8")
    return build_shop(
        folder,
        {
            "settings": {"prediction_horizons": [14, 60, 200]},
            "exports": {
                "orders": {
                    "files": "orders.csv",
                    "delivered_at": "2025-01-01",
                    "currency": "EUR",
                    "columns": {"customer_id": "who", "ordered_at": "at", "amount": "total"},
                }
            },
        },
    )


def test_the_verdict_fails_and_says_so(closed: Shop) -> None:
    rows = closed.query(
        "select horizon_days, is_whole_holdout, verdict, value_verdict, reason, orders_error"
        " from prediction_verdict order by is_whole_holdout, horizon_days"
    )
    assert [row[:2] for row in rows] == [(14, False), (60, False), (200, False), (182, True)]
    assert {row[2:4] for row in rows} == {("fails", "fails")}
    for row in rows:
        assert "% above the actual over 182 days of holdout (prediction_max_error 0.2)" in row[4]
    assert rows[-1][5] > 0.2


def test_nothing_is_predicted_of_anybody_and_the_rest_is_published(closed: Shop) -> None:
    predicted = [
        "probability_alive",
        *(
            f"{figure}_{days}{bound}"
            for figure in ("expected_orders", "predicted_value")
            for days in (14, 60, 200)
            for bound in ("", "_low", "_high")
        ),
    ]
    counts = ", ".join(f"count({column})" for column in predicted)
    (found,) = closed.query(f"select {counts} from customer_value")
    assert found == (0,) * 19
    (reasons,) = closed.query(
        "select count(*), count(prediction_reason), min(prediction_reason), sum(orders) > 1000"
        " from customer_value"
    )
    assert reasons[:2] == (CUSTOMERS + 1, CUSTOMERS + 1)
    assert reasons[2].startswith("14 days: predicted orders ")
    assert reasons[3]
    assert closed.query("select count(*) > 0 from cohort_value") == [(True,)]
    assert closed.query("select count(*) from prediction_tracking") == [(52,)]
    assert closed.query("select count(*) from prediction_lift") == [(10,)]


@pytest.mark.parametrize(
    "change",
    ["expected_orders_60 = 1", "predicted_value_14_low = 0", "probability_alive = 'nan'"],
)
def test_the_gate_lets_nothing_pass_that_is_not_earned(
    closed: Shop, tmp_path: Path, change: str
) -> None:
    doctored = tmp_path / "build.duckdb"
    shutil.copy(closed.warehouse.build_file, doctored)
    with duckdb.connect(str(doctored)) as con:
        con.execute(f"update marts.customer_value set {change} where customer_id = 'C1'")
    folder = closed.warehouse.folder
    variables = Resource(exports=str(folder.parent / "exports.yml"), folder=str(folder)).variables
    gates = mart_gates({"customer_value": {}}, variables)
    (before,) = run_gates(closed.warehouse.build_file, gates)["marts", "customer_value"]
    (after,) = run_gates(doctored, gates)["marts", "customer_value"]
    assert before.passed
    assert any("verdict" in outcome.description for outcome in after.failed)
