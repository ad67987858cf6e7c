"""Gamma-Gamma: its shrinkage by hand, its gradient, bins, and data that say nothing."""

import numpy as np
import pytest

from dagster_project.predictions.models.fitting import NotIdentifiable
from dagster_project.predictions.models.gamma_gamma import SpendModel, _LogLikelihood, fit_spend

TRUE = SpendModel(6.0, 4.0, 15.0)


def drawn(customers: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.geometric(0.3, customers).astype(float)
    nu = rng.gamma(TRUE.q, 1 / TRUE.v, customers)
    return x, rng.gamma(TRUE.p * x) / nu / x


def test_a_customer_is_drawn_towards_all_the_more_the_fewer_their_orders() -> None:
    assert TRUE.population_mean == 30
    assert TRUE.expected_value(0, np.nan) == 30
    # (q - 1) = 3 parts of 30 and px = 6 parts of 60
    assert TRUE.expected_value(1, 60.0) == pytest.approx((3 * 30 + 6 * 60) / 9)
    assert TRUE.expected_value(1000, 60.0) == pytest.approx(60, abs=0.02)


def test_the_truth_is_recovered() -> None:
    model, estimates = fit_spend(*drawn(20_000, 5))
    intervals = estimates.intervals()
    assert intervals is not None
    for name, (low, high) in intervals.items():
        assert low < getattr(TRUE, name) < high
    assert model.population_mean == pytest.approx(30, rel=0.02)


def test_the_gradient_is_that_of_the_likelihood() -> None:
    x, z = drawn(200, 2)
    likelihood = _LogLikelihood(x, z, np.ones_like(x))
    logs = np.log([3.0, 2.5, 9.0])
    gradient = likelihood(logs)[1]
    for i, unit in enumerate(np.eye(3)):
        sides = [likelihood(logs + step * unit)[0] for step in (1e-6, -1e-6)]
        assert gradient[i] == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5)


def test_bins_of_like_values_change_nothing_that_counts() -> None:
    x, z = drawn(50_000, 9)
    exact, _ = fit_spend(x, z)
    bins = np.floor(np.log(z) * 64)
    cells, place = np.unique(x + 1j * bins, return_inverse=True)
    customers = np.bincount(place)
    binned, _ = fit_spend(cells.real, np.bincount(place, z) / customers, customers)
    assert len(cells) < len(x) / 10
    for name in ("p", "q", "v"):
        assert getattr(binned, name) == pytest.approx(getattr(exact, name), rel=2e-4)


def test_the_unit_of_money_is_free() -> None:
    x, z = drawn(1000, 4)
    pounds, found = fit_spend(x, z)
    pence, found_pence = fit_spend(x, 100 * z)
    assert pence.p == pytest.approx(pounds.p, rel=1e-5)
    assert pence.v == pytest.approx(100 * pounds.v, rel=1e-5)
    assert found_pence.log_likelihood == pytest.approx(
        found.log_likelihood - 1000 * np.log(100), abs=1e-6
    )


@pytest.mark.parametrize("rows", [([], []), ([2], [9.0]), ([1, 2, 5], [9.0, 9.0, 9.0])])
def test_values_that_do_not_vary_tell_nothing(rows: tuple[list[float], list[float]]) -> None:
    with pytest.raises(NotIdentifiable, match="do not vary"):
        fit_spend(*rows)


@pytest.mark.parametrize(("x", "z"), [(0, 5.0), (1, 0.0), (1, -2.0), (1, np.inf)])
def test_other_rows_are_refused(x: float, z: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        fit_spend([x, 2], [z, 3.0])


def test_a_mean_that_is_not_finite_is_not_told() -> None:
    with pytest.raises(NotIdentifiable, match="not finite"):
        _ = SpendModel(2.0, 0.9, 5.0).population_mean
