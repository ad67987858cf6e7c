"""Fits the purchase models between two steps of dbt, and writes what they forecast as tables.

Reads the grouped histories that dbt has counted, calls the pure maths of `models` and writes
`predictions.*` into the build file. What the forecasts are worth is judged afterwards, in SQL, by
the days that the calibration has not seen. The same groups give the same rows. No Dagster in here.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb

from .tables import Forecasts, Row, rounded

if TYPE_CHECKING:
    from .models.learning import Learnt


def predict(into: Forecasts, variables: Mapping[str, Any]) -> "dict[str, Learnt]":
    """Fit both parts of the history, and write what is forecast.

    `variables` are dbt's. A shop without orders gets empty tables, one with too few data the
    reason. Returns what was learnt, by part.
    """
    con = into.con
    split = con.execute(
        "select calibration_weeks, history_weeks, holdout_days from predictions.prediction_split"
    ).fetchone()
    learnt: dict[str, Learnt] = {}
    if split:
        calibration_weeks, history_weeks, holdout_days = split
        ahead = variables["prediction_horizons"]
        judged = sorted({*(min(days, holdout_days) for days in ahead), holdout_days})
        for part, horizons in (("calibration", judged), ("history", ahead)):
            learnt[part] = found = _learn(con, part, variables)
            into.insert("models", [_model(part, found, variables)])
            into.insert("parameters", _parameters(part, found))
            for days in horizons if found.purchases else ():
                _insert_forecasts(into, part, found, days, variables)
        if learnt["calibration"].purchases:
            into.insert("weeks", _weeks(learnt["calibration"], calibration_weeks, history_weeks))
    return learnt


def _learn(con: duckdb.DuckDBPyConnection, part: str, variables: Mapping[str, Any]) -> "Learnt":
    from .models.histories import Histories
    from .models.learning import learn

    groups = con.execute(
        "select frequency, recency_days, age_days, customers from predictions.purchase_groups"
        " where part = ? order by all",
        [part],
    ).fetchnumpy()
    spent = con.execute(
        "select frequency, customers, repeat_revenue::double / (frequency * customers) as value"
        " from predictions.spend_groups where part = ? order by frequency, value_bin",
        [part],
    ).fetchnumpy()
    return learn(
        Histories.of(*groups.values()),
        spent["frequency"],
        spent["value"],
        spent["customers"],
        kind=variables["prediction_model"],
        fewest=variables["prediction_min_repeat_customers"],
    )


def _model(part: str, learnt: "Learnt", variables: Mapping[str, Any]) -> Row:
    return {
        "part": part,
        "model": variables["prediction_model"],
        "customers": learnt.histories.total,
        "repeat_customers": learnt.histories.repeaters,
        "log_likelihood": learnt.purchases[1].log_likelihood if learnt.purchases else None,
        "spend_scale": learnt.spend[0].v if learnt.spend else None,
        "orders_reason": learnt.orders_reason,
        "value_reason": learnt.value_reason,
    }


def _parameters(part: str, learnt: "Learnt") -> list[Row]:
    rows = []
    for fitted in (learnt.purchases, learnt.spend):
        if fitted:
            intervals = fitted[1].intervals() or {}
            for name, estimate in fitted[1].values.items():
                low, high = intervals.get(name, (None, None))
                rows.append(
                    {
                        "part": part,
                        "parameter": name,
                        "estimate": estimate,
                        "low": low,
                        "high": high,
                    }
                )
    return rows


def _weeks(learnt: "Learnt", calibration_weeks: int, history_weeks: int) -> list[Row]:
    import numpy as np

    from .models.forecast import expected_total

    assert learnt.purchases
    model, histories = learnt.purchases[0], learnt.histories
    ages, place = np.unique(histories.age, return_inverse=True)
    customers = np.bincount(place, histories.customers)
    since = [7.0 * (week + 1 - calibration_weeks) for week in range(history_weeks)]
    repeats = (histories.frequency * histories.customers).sum()
    later = iter(expected_total(model, histories, [days for days in since if days > 0]))
    return [
        {
            "week_number": week,
            "expected_orders": (
                customers * model.expected_repeats(np.maximum(ages + days, 0))
            ).sum(),
            "predicted_orders": repeats + next(later) if days > 0 else None,
        }
        for week, days in enumerate(since)
    ]


def _insert_forecasts(
    into: Forecasts,
    part: str,
    learnt: "Learnt",
    days: int,
    variables: Mapping[str, Any],
) -> None:
    from .models.forecast import forecast

    assert learnt.purchases
    histories, spend = learnt.histories, learnt.spend[0] if learnt.spend else None
    # forecasts to be compared with actual orders are not discounted
    rate = variables["prediction_discount_rate"] if part == "history" else 0.0
    ahead = forecast(*learnt.purchases, histories, days, spend, rate)
    total = {
        "part": part,
        "horizon_days": days,
        "expected_orders": ahead.total,
        "orders_low": ahead.total_low,
        "orders_high": ahead.total_high,
    }
    into.insert("totals", [total])
    columns = {
        "frequency": histories.frequency,
        "recency_days": histories.recency,
        "age_days": histories.age,
        "probability_alive": rounded(ahead.probability_alive),
        "expected_orders": rounded(ahead.orders),
        "orders_low": ahead.low,
        "orders_high": ahead.high,
    }
    if ahead.value_weight is not None:
        columns |= {
            "value_weight": rounded(ahead.value_weight),
            "value_low_weight": rounded(ahead.value_low_weight),
            "value_high_weight": rounded(ahead.value_high_weight),
        }
    into.insert_columns("forecasts", columns, part=part, horizon_days=days)
