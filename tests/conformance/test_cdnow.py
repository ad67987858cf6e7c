"""CDNOW, 1-in-10 sample: the purchase histories that the lifetime literature is checked on."""

import csv
import datetime as dt
import math
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import pytest
from lifelines import ExponentialFitter, KaplanMeierFitter
from lifelines.utils import median_survival_times, restricted_mean_survival_time
from scipy.stats import chi2

from ..support.line import build_shop
from ..support.shops import DATA_SETS, Shop, preset

DATA = DATA_SETS / "cdnow"


def as_of(day: str) -> dict[str, Any]:
    config = preset("cdnow", DATA)
    config["settings"]["as_of_date"] = day
    return config


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(
        tmp_path_factory.mktemp("whole"),
        as_of("1998-06-30"),
        "cohort_retention",
        "customer_value",
        "lifespan_summary",
        "lifespan_survival",
        "prediction_lift",
        "prediction_tracking",
        "prediction_verdict",
        "source_accounting",
    )


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return build_shop(tmp_path_factory.mktemp("calibration"), as_of("1997-09-30"), "customer_value")


def test_customers_days_and_rows(whole: Shop) -> None:
    assert whole.query("select count(*), sum(frequency + 1) from customer_value") == [(2357, 6696)]
    assert whole.query(
        "select rows_in_files, rows_used from source_accounting where export = 'orders'"
    ) == [(6919, 6919)]


def test_month_cohorts(whole: Shop) -> None:
    rows = whole.query(
        "select cohort_size, retained_customers from cohort_retention"
        " where study = 'order_to_order' and period = 'month' and segment_name = 'all'"
        " and cohort_start = date '1997-01-01' order by period_number limit 4"
    )
    assert rows == [(781, 781), (781, 124), (781, 95), (781, 70)]


def test_summary_equals_the_published_one(calibration: Shop) -> None:
    with (DATA / "cdnow_customers_summary_with_transactions.csv").open() as file:
        published = {
            int(row["ID"]): (int(row["x"]), row["t_x"], row["T"], row["zbar"])
            for row in csv.DictReader(file)
        }
    rows = calibration.query(
        "select cast(customer_id as integer), frequency, recency_days, age_days, monetary_value"
        " from customer_value"
    )

    def two_decimals(number: float | Decimal) -> str:
        return str(Decimal(number).quantize(Decimal("0.01"), ROUND_HALF_UP))

    found = {
        customer: (
            frequency,
            two_decimals(Decimal(recency) / 7),
            two_decimals(Decimal(age) / 7),
            two_decimals(Decimal(str(round(monetary or 0, 6)))),
        )
        for customer, frequency, recency, age, monetary in rows
    }
    assert len(found) == 2357
    off = {c: (found[c], published[c]) for c in published if found[c] != published[c]}
    assert off == {}
    repeaters = [row for row in rows if row[1] > 0]
    assert len(repeaters) == 946
    assert sum(row[1] for row in rows) == 2457
    assert all(monetary is None for _, frequency, *_, monetary in rows if frequency == 0)


def test_survival_equals_that_of_lifelines(whole: Shop) -> None:
    """The lifespans are made here from the purchases, so that nothing of the warehouse is used."""
    as_of, silence, horizon = dt.date(1998, 6, 30), dt.timedelta(days=90), 365
    days, ended, resumed = [], [], 0
    for (purchases,) in duckdb.execute(
        "select list(distinct date::date) from read_parquet(?) group by sample_id",
        [str(DATA / "cdnow_sample_1in10.parquet")],
    ).fetchall():
        first, *later = sorted(purchases)
        last = first
        while later and later[0] - last <= silence:
            last = later.pop(0)
        ended.append(last + silence <= as_of)
        days.append((min(last + silence, as_of) - first).days)
        resumed += bool(later)
    timeline = list(range(max(days) + 1))
    fitted = KaplanMeierFitter().fit(days, ended, timeline=timeline)

    found = np.array(
        whole.query(
            "select survival, survival_low, survival_high from lifespan_survival"
            " where segment = 'all' order by days"
        )
    )
    survival = fitted.survival_function_.to_numpy()
    expected = np.hstack([survival, fitted.confidence_interval_.to_numpy()])
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-9
    (summary,) = whole.query(
        "select customers, ended_customers, resumed_customers, median_days, median_low,"
        " median_high, horizon_days, restricted_mean_days, restricted_mean_low,"
        " restricted_mean_high, likelihood_ratio, disagrees"
        " from lifespan_summary where segment = 'all'"
    )
    bounds = median_survival_times(fitted.confidence_interval_).to_numpy()[0]
    assert summary[:4] == (2357, sum(ended), resumed, fitted.median_survival_time_)
    assert summary[4:7] == (*bounds, horizon)
    mean = restricted_mean_survival_time(fitted, t=horizon)
    assert summary[7] == pytest.approx(mean, abs=1e-9)
    # the jackknife: how far the mean moves when one customer is left out; many live alike
    lives, gone = np.array(days), np.array(ended)
    everybody = list(zip(days, ended, strict=True))
    alike = Counter(everybody)
    without = [everybody.index(life) for life in alike]
    moved = [_mean(np.delete(lives, i), np.delete(gone, i), horizon) - mean for i in without]
    spread = 1.959964 * np.sqrt(np.dot(np.square(moved), list(alike.values())))
    assert summary[9] - mean == pytest.approx(spread, rel=1e-3)
    assert mean - summary[8] == pytest.approx(summary[9] - mean)
    seen, died = np.minimum(lives, horizon), gone & (lives <= horizon)
    constant = ExponentialFitter().fit(seen, died).log_likelihood_
    breaks = [math.ceil(horizon * part / 6) for part in range(1, 6)]
    pieces = _log_likelihood(seen, died, [0, *breaks, horizon])
    assert _log_likelihood(seen, died, [0, horizon]) == pytest.approx(constant, abs=1e-6)
    assert summary[10] == pytest.approx(2 * (pieces - constant), rel=1e-6)
    assert summary[11] == (summary[10] > chi2(5).ppf(0.95))


def _mean(days: np.ndarray, ended: np.ndarray, horizon: int) -> float:
    """The restricted mean, by counting."""
    at_risk = np.array([(days >= day).sum() for day in range(horizon)])
    ends = np.bincount(days[ended], minlength=horizon)[:horizon]
    return float(np.cumprod(1 - ends / at_risk).sum())


def _log_likelihood(days: np.ndarray, ended: np.ndarray, edges: list[float]) -> float:
    """Of a hazard that is constant between the edges, at its most likely."""
    total = 0.0
    for start, end in pairwise(edges):
        exposed = np.clip(days - start, 0, end - start).sum()
        events = (ended & (days > start) & (days <= end)).sum()
        total += events * np.log(events / exposed) - events if events else 0
    return float(total)


def test_predictions_earn_their_place(whole: Shop) -> None:
    """Weeks 40 to 78, predicted from the first 39: 1,882 orders against 1,576.7 as published."""
    rows = whole.query(
        "select horizon_days, is_whole_holdout, judged_days, verdict, value_verdict, reason"
        " from prediction_verdict order by is_whole_holdout, horizon_days"
    )
    assert rows == [
        (30, False, 30, "holds", "holds", None),
        (90, False, 90, "holds", "holds", None),
        (365, False, 273, "holds", "holds", None),
        (273, True, 273, "holds", "holds", None),
    ]
    (found,) = whole.query(
        "select customers, repeat_customers, actual_orders, predicted_orders, orders_error,"
        " coverage, r, alpha / 7, a, b, v from prediction_verdict where is_whole_holdout"
    )
    assert found[:3] == (2357, 946, 1882)
    assert found[3] == pytest.approx(1576.7, abs=0.1)
    assert found[4] == pytest.approx(1576.7 / 1882 - 1, abs=1e-4)
    assert 0.95 < found[5] < 1
    assert found[6:] == pytest.approx((0.5248, 6.183, 0.8914, 1.614, 15.44), rel=2e-3)


def test_orders_are_tracked_by_week_and_by_decile(whole: Shop) -> None:
    rows = whole.query(
        "select week_number, actual_orders, predicted_orders, is_holdout, week_end"
        " from prediction_tracking where week_number in (38, 77) order by 1"
    )
    assert rows[0] == (38, 2457, None, False, dt.date(1997, 9, 30))
    assert (rows[1][1], rows[1][3:]) == (4339, (True, dt.date(1998, 6, 30)))
    assert rows[1][2] == pytest.approx(4033.7, abs=0.5)
    deciles = whole.query(
        "select decile, actual_orders, predicted_orders_mean, lift from prediction_lift order by 1"
    )
    assert len(deciles) == 10
    assert sum(row[1] for row in deciles) == 1882
    means = [row[2] for row in deciles]
    assert means == sorted(means, reverse=True)
    assert deciles[0][3] > 4


def test_every_customer_is_predicted(whole: Shop) -> None:
    (found,) = whole.query(
        "select count(probability_alive), count(expected_orders_365), count(predicted_value_365),"
        " count(prediction_reason), sum(expected_orders_90), min(probability_alive)"
        " filter (where frequency = 0) from customer_value"
    )
    assert found[:4] == (2357, 2357, 2357, 0)
    assert 400 < found[4] < 800
    assert 0 < found[5] < 1
    assert whole.query(
        "select count(*) from customer_value where not (expected_orders_30 < expected_orders_90"
        " and expected_orders_90 < expected_orders_365 and expected_orders_365_low"
        " <= expected_orders_365_high and predicted_value_365_low <= predicted_value_365_high)"
    ) == [(0,)]
