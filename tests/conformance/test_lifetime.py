"""The lifetime models against the papers' figures and against other libraries."""

import csv
import datetime as dt
from collections import defaultdict

import duckdb
import numpy as np
import pytest
from lifetimes import BetaGeoFitter, GammaGammaFitter, ModifiedBetaGeoFitter

from dagster_project.predictions.models.forecast import expected_total
from dagster_project.predictions.models.gamma_gamma import SpendModel, fit_spend
from dagster_project.predictions.models.histories import Floats, Histories
from dagster_project.predictions.models.mbg_nbd import Kind, PurchaseModel, fit_purchases
from dagster_project.predictions.models.sbg import fit_contracts

from ..support.buyers import simulate
from ..support.shops import DATA_SETS

DATA = DATA_SETS / "cdnow"
ORACLES = {"bg": BetaGeoFitter, "mbg": ModifiedBetaGeoFitter}
SHOPS = 100


@pytest.fixture(scope="module")
def cdnow() -> dict[str, Floats]:
    with (DATA / "cdnow_customers_summary_with_transactions.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {
        name: np.array([float(row[name]) for row in rows]) for name in ("x", "t_x", "T", "zbar")
    }


def histories_of(cdnow: dict[str, Floats]) -> Histories:
    return Histories.of(cdnow["x"], cdnow["t_x"], cdnow["T"]).grouped()


@pytest.mark.parametrize(
    ("kind", "published", "log_likelihood", "holdout"),
    [
        ("bg", (0.2426, 4.4135, 0.7929, 2.4258), -9582.43, 1653.4),
        ("mbg", (0.5248, 6.183, 0.8914, 1.614), -9582.13, 1576.7),
    ],
)
def test_cdnow_as_published(
    cdnow: dict[str, Floats],
    kind: Kind,
    published: tuple[float, ...],
    log_likelihood: float,
    holdout: float,
) -> None:
    model, estimates = fit_purchases(histories_of(cdnow), kind)
    assert tuple(estimates.values.values()) == pytest.approx(published, rel=1e-3)
    assert estimates.log_likelihood == pytest.approx(log_likelihood, abs=0.005)
    assert expected_total(model, histories_of(cdnow), [39]) == pytest.approx([holdout], abs=0.05)
    if kind == "bg":
        assert model.expected_orders(2, 30.43, 38.86, 39) == pytest.approx(1.226, abs=5e-4)


def test_cdnow_value_as_published(cdnow: dict[str, Floats]) -> None:
    repeats = cdnow["x"] > 0
    model, _ = fit_spend(cdnow["x"][repeats], cdnow["zbar"][repeats])
    assert (model.p, model.q, model.v) == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)
    assert model.population_mean == pytest.approx(35.17, rel=1e-3)


def test_cdnow_tracking(cdnow: dict[str, Floats]) -> None:
    """Cumulative repeat orders at week 78: actual 4,339; three ways to expect them."""
    days: dict[str, set[dt.date]] = defaultdict(set)
    file = DATA / "cdnow_sample_1in10.parquet"
    for customer, day in duckdb.sql(
        f"select sample_id::varchar, date::date from '{file}'"
    ).fetchall():
        days[customer].add(day)
    last = dt.date(1998, 6, 30)
    assert sum(len(bought) - 1 for bought in days.values()) == 4339
    bg, _ = fit_purchases(histories_of(cdnow), "bg")
    mbg, _ = fit_purchases(histories_of(cdnow), "mbg")
    ages = np.array([(last - min(bought)).days / 7 for bought in days.values()])
    so_far = cdnow["x"].sum()
    seen = histories_of(cdnow)
    found = [
        bg.expected_repeats(ages).sum(),
        so_far + expected_total(bg, seen, [39])[0],
        so_far + expected_total(mbg, seen, [39])[0],
    ]
    assert found == pytest.approx([4160.8, 4110.4, 4033.7], abs=0.5)
    assert np.array(found) / 4339 - 1 == pytest.approx([-0.041, -0.053, -0.070], abs=5e-4)


@pytest.mark.parametrize(
    ("percent", "published"),
    [
        ([100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1], (0.704, 1.182)),
        ([100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1], (0.668, 3.806)),
    ],
)
def test_contracts_as_published(percent: list[float], published: tuple[float, float]) -> None:
    model, _ = fit_contracts([percent])
    assert (model.alpha, model.beta) == pytest.approx(published, rel=1e-3)


def random_shop(seed: int) -> tuple[PurchaseModel, Histories]:
    rng = np.random.default_rng(seed)
    model = PurchaseModel(
        r=rng.uniform(0.3, 2), alpha=rng.uniform(3, 12), a=rng.uniform(0.4, 2.5),
        b=rng.uniform(1, 5), kind="mbg" if seed % 2 else "bg",
    )  # fmt: skip
    return model, simulate(model, rng.uniform(30, 78, 1000), 1.0, seed).histories


def test_a_hundred_simulated_shops_as_another_library_has_them() -> None:
    off = []
    for seed in range(SHOPS):
        truth, seen = random_shop(seed)
        model, estimates = fit_purchases(seen, truth.kind)
        oracle = ORACLES[truth.kind]()
        oracle.params_ = estimates.values
        logs = np.log(list(estimates.values.values()))
        theirs = seen.total * -oracle._negative_log_likelihood(
            logs, seen.frequency, seen.recency, seen.age, seen.customers, 0.0
        )
        assert estimates.log_likelihood == pytest.approx(theirs, abs=1e-6)
        history = seen.frequency, seen.recency, seen.age
        assert model.expected_orders(*history, 39) == pytest.approx(
            oracle.conditional_expected_number_of_purchases_up_to_time(39, *history), rel=1e-6
        )
        assert model.probability_alive(*history) == pytest.approx(
            oracle.conditional_probability_alive(*history), rel=1e-9
        )
        assert model.expected_repeats(39) == pytest.approx(
            oracle.expected_number_of_purchases_up_to_time(39), rel=1e-9
        )
        # a parameter without an interval is not told by so few customers, and said to be so
        if estimates.covariance is not None:
            errors = np.sqrt(np.diag(estimates.covariance))
            true_logs = np.log([truth.r, truth.alpha, truth.a, truth.b])
            off.append(np.abs(logs - true_logs) / errors)
    assert len(off) > 0.9 * SHOPS
    assert np.max(off) < 4
    assert 0.9 < np.mean(np.array(off) < 1.96) < 0.99


@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_the_same_top_is_found_by_another_library(seed: int) -> None:
    truth, seen = random_shop(seed)
    _, estimates = fit_purchases(seen, truth.kind)
    oracle = ORACLES[truth.kind]().fit(seen.frequency, seen.recency, seen.age)
    theirs = -oracle._negative_log_likelihood_ * seen.total
    scaled = theirs + seen.frequency.sum() * np.log(oracle._scale)
    assert estimates.log_likelihood >= scaled - 1e-6
    assert list(estimates.values.values()) == pytest.approx(list(oracle.params_), rel=1e-3)
    assert estimates.covariance is not None
    errors = np.sqrt(np.diag(estimates.covariance)) * list(estimates.values.values())
    assert list(errors) == pytest.approx(list(oracle.standard_errors_), rel=1e-2)


def test_value_as_another_library_has_it() -> None:
    rng = np.random.default_rng(8)
    truth = SpendModel(6.0, 4.0, 15.0)
    x = rng.geometric(0.3, 3000).astype(float)
    z = rng.gamma(truth.p * x) / rng.gamma(truth.q, 1 / truth.v, 3000) / x
    model, estimates = fit_spend(x, z)
    oracle = GammaGammaFitter().fit(x, z, tol=1e-9)
    assert list(estimates.values.values()) == pytest.approx(list(oracle.params_), rel=1e-3)
    assert estimates.log_likelihood == pytest.approx(
        -oracle._negative_log_likelihood_ * 3000, abs=1e-4
    )
    theirs = oracle.conditional_expected_average_profit(x, z)
    assert model.expected_value(x, z) == pytest.approx(np.asarray(theirs), rel=1e-4)
