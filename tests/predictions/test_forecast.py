"""Forecasts and their bounds against simulated customers, and discounting against a plain sum."""

import numpy as np
import pytest

from dagster_project.predictions.models.forecast import (
    DAYS_A_YEAR,
    Forecast,
    expected_total,
    forecast,
)
from dagster_project.predictions.models.gamma_gamma import SpendModel
from dagster_project.predictions.models.histories import Histories
from dagster_project.predictions.models.intervals import Cells, order_bounds, value_bounds
from dagster_project.predictions.models.mbg_nbd import PurchaseModel, fit_purchases

from ..support.buyers import simulate

MODEL = PurchaseModel(0.6, 45.0, 0.9, 1.6)
SPEND = SpendModel(6.0, 4.0, 15.0)
HORIZON = 120.0


@pytest.fixture(scope="module")
def histories() -> Histories:
    ages = np.random.default_rng(1).integers(100, 300, 4000).astype(float)
    raw = simulate(MODEL, ages, 1.0, seed=3).histories
    return Histories.of(raw.frequency, np.ceil(raw.recency), raw.age).grouped()


@pytest.fixture(scope="module")
def found(histories: Histories) -> Forecast:
    model, estimates = fit_purchases(histories)
    return forecast(model, estimates, histories, HORIZON, SPEND, discount_rate=0.1)


def ahead_of(x: int, recency: float, age: float, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Orders and their value within HORIZON of customers of one history, order by order."""
    rng = np.random.default_rng(99)
    alive = rng.random(draws) < MODEL.probability_alive(x, recency, age)
    rate = rng.gamma(MODEL.r + x, 1 / (MODEL.alpha + age), draws)
    leaving = rng.beta(MODEL.a, MODEL.b + x + 1, draws)
    nu = rng.gamma(SPEND.q + SPEND.p * x, 1.0, draws)
    orders, value, now = np.zeros(draws), np.zeros(draws), np.zeros(draws)
    while alive.any():
        now += rng.exponential(1 / rate)
        alive &= now <= HORIZON
        orders += alive
        value += np.where(alive, rng.gamma(SPEND.p, 1 / nu), 0)
        alive &= rng.random(draws) >= leaving
    return orders, value


@pytest.mark.parametrize(("x", "recency", "age"), [(0, 0, 200), (1, 150, 160), (12, 250, 260)])
def test_bounds_are_the_quantiles_of_simulated_customers(
    x: int, recency: float, age: float
) -> None:
    history = Histories.of([x], [recency], [age])
    cells = Cells(history)
    alive = MODEL.probability_alive([x], [recency], [age])
    orders, value = ahead_of(x, recency, age, 200_000)
    low, high, square = order_bounds(MODEL, cells, alive, HORIZON)
    assert [low[0], high[0]] == list(np.quantile(orders, [0.025, 0.975], method="inverted_cdf"))
    assert alive[0] * square[0] == pytest.approx((orders**2).mean(), rel=0.02)
    least, most = value_bounds(MODEL, SPEND, cells, alive, HORIZON)
    expected = np.quantile(value, [0.025, 0.975])
    assert most[0] == pytest.approx(expected[1], rel=0.15)
    assert least[0] == pytest.approx(expected[0], rel=0.15)


def test_the_total_is_that_of_the_customers(histories: Histories, found: Forecast) -> None:
    model, _ = fit_purchases(histories)
    assert found.total == pytest.approx((histories.customers * found.orders).sum())
    assert expected_total(model, histories, [30.0, HORIZON])[1] == pytest.approx(found.total)
    one_by_one = Histories.of(
        *(
            np.repeat(figures, histories.customers.astype(int))
            for figures in (histories.frequency, histories.recency, histories.age)
        )
    )
    assert expected_total(model, one_by_one, [HORIZON])[0] == pytest.approx(found.total)


def test_nineteen_of_twenty_totals_lie_within_their_bounds() -> None:
    inside = 0
    for seed in range(40):
        buyers = simulate(MODEL, np.full(1500, 200.0), HORIZON, seed=seed)
        seen = buyers.histories
        model, estimates = fit_purchases(seen)
        ahead = forecast(model, estimates, seen, HORIZON)
        assert ahead.total_low is not None
        assert ahead.total_high is not None
        inside += ahead.total_low <= buyers.orders_ahead.sum() <= ahead.total_high
    assert 35 <= inside < 40


def test_figures_are_finite_and_in_order(found: Forecast) -> None:
    columns = [
        found.probability_alive, found.orders, found.low, found.high, found.discounted_orders,
        found.value_weight, found.value_low_weight, found.value_high_weight,
    ]  # fmt: skip
    for column in columns:
        assert column is not None
        assert np.isfinite(column).all()
        assert (column >= 0).all()
    assert (found.low <= found.high).all()
    assert found.total_low is not None
    assert found.total_high is not None
    assert found.total_low < found.total < found.total_high


def test_a_later_order_counts_less(histories: Histories, found: Forecast) -> None:
    model, _ = fit_purchases(histories)
    days = np.arange(0, HORIZON + 1)
    until = model.expected_orders(*(
        figures[:50, None] for figures in (histories.frequency, histories.recency, histories.age)
    ), days)  # fmt: skip
    discount = 1.1 ** (-(days[1:] - 0.5) / DAYS_A_YEAR)
    assert found.discounted_orders[:50] == pytest.approx(
        (np.diff(until) * discount).sum(axis=1), rel=1e-6
    )


def test_the_same_every_time(histories: Histories, found: Forecast) -> None:
    model, estimates = fit_purchases(histories)
    again = forecast(model, estimates, histories, HORIZON, SPEND, discount_rate=0.1)
    assert again.value_high_weight is not None
    assert (again.value_high_weight == found.value_high_weight).all()


def test_without_a_mean_spend_there_is_no_value(histories: Histories) -> None:
    model, estimates = fit_purchases(histories)
    assert forecast(model, estimates, histories, 30, SpendModel(2, 0.8, 9)).value_weight is None
    with pytest.raises(ValueError, match="horizon"):
        forecast(model, estimates, histories, 0)
