"""The purchase models against integrals, sums and simulated customers, and where formulas break."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln

from dagster_project.predictions.models.fitting import NotIdentifiable
from dagster_project.predictions.models.histories import Histories
from dagster_project.predictions.models.mbg_nbd import (
    Kind,
    PurchaseModel,
    _Distinct,
    _log_likelihood,
    fit_purchases,
    log_likelihood,
)

from ..support.buyers import simulate

KINDS: tuple[Kind, ...] = ("mbg", "bg")
TRUE = {"r": 0.5, "alpha": 6.0, "a": 0.9, "b": 1.6}


def orders_by_integral(model: PurchaseModel, x: float, age: float, horizon: float) -> float:
    """Expected orders if alive as they are defined: the mean, over the probability p to leave
    after a purchase, of (1 - (1 + p horizon / (alpha + age))^-(r + x)) / p.

    In the log of p, where neither end is a cliff.
    """
    k, tau = model.r + x, horizon / (model.alpha + age)
    passed = model.b + x + (model.kind == "mbg")

    def integrand(log_odds: float) -> float:
        log_p, log_q = -np.logaddexp(0, -log_odds), -np.logaddexp(0, log_odds)
        density = model.a * log_p + passed * log_q - betaln(model.a, passed)
        expected = -np.expm1(-k * np.log1p(np.exp(log_p) * tau))
        return float(np.exp(density - log_p) * expected)

    pieces = [
        quad(integrand, low, low + 20, epsabs=0, limit=200)[0] for low in range(-700, 700, 20)
    ]
    return float(sum(pieces))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("a", "b"),
    [(0.9, 1.6), (1.0, 2.0), (1 + 1e-7, 0.3), (0.3, 0.7), (0.2, 0.3), (2.5, 0.4), (40.0, 90.0)],
)
@pytest.mark.parametrize(
    ("x", "age", "horizon"), [(0, 0, 10), (0, 40, 3), (3, 30, 400), (60, 90, 90)]
)
def test_expected_orders_are_the_integral(
    kind: Kind, a: float, b: float, x: float, age: float, horizon: float
) -> None:
    model = PurchaseModel(0.7, 8.0, a, b, kind)
    expected = orders_by_integral(model, x, age, horizon)
    assert model.orders_if_alive(x, age, horizon) == pytest.approx(expected, rel=1e-7)


parameters = st.floats(-5, 5).map(lambda log: float(np.exp(log)))


@given(
    parameters, parameters, parameters, parameters, st.sampled_from(KINDS),
    st.sampled_from([0, 1, 7, 300, 20_000]), st.sampled_from([0.0, 0.01, 1.0, 3.0]),
    st.floats(0, 1), st.sampled_from([0.0, 1e-3, 0.3, 5.0, 100.0]),
)  # fmt: skip
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_figure_is_missing_or_impossible(
    r: float, alpha: float, a: float, b: float, kind: Kind,
    x: int, age: float, share: float, horizon: float,
) -> None:  # fmt: skip
    model = PurchaseModel(r, alpha, a, b, kind)
    recency = share * age if x else 0.0
    alive = model.probability_alive(x, recency, age)
    orders = model.orders_if_alive(x, age, horizon)
    ahead = horizon / (alpha + age)
    assert 0 <= alive <= 1
    assert np.isfinite(orders)
    # no more than of somebody who never leaves, and no less than their first purchase
    assert orders <= (r + x) * ahead * (1 + 1e-7)
    assert orders >= -np.expm1(-(r + x) * np.log1p(ahead)) * (1 - 1e-7) - 1e-12


@given(
    st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3), st.sampled_from(KINDS),
    st.integers(0, 40), st.sampled_from([0.0, 1.0, 2.0]), st.sampled_from([0.1, 1.0, 10.0]),
)  # fmt: skip
@settings(max_examples=100, deadline=None, derandomize=True)
def test_probabilities_of_orders_add_up_to_the_expectation(
    r: float, alpha: float, a: float, b: float, kind: Kind, x: int, age: float, horizon: float
) -> None:
    model = PurchaseModel(*np.exp([r, alpha, a, b]), kind=kind)
    orders = np.arange(1, 20_000)
    at_least = model.probability_at_least(orders, x, age, horizon)
    assert (np.diff(at_least) <= 1e-12).all()
    assert at_least[0] <= 1
    if at_least[-1] < 1e-9:
        assert at_least.sum() == pytest.approx(model.orders_if_alive(x, age, horizon), rel=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_simulated_customers_do_as_forecast(kind: Kind) -> None:
    model = PurchaseModel(**TRUE, kind=kind)
    buyers = simulate(model, np.full(100_000, 40.0), 26.0, seed=7)
    seen = buyers.histories
    for x in (0, 1, 3):
        for recent in ((0, 40),) if x == 0 else ((0, 15), (15, 30), (30, 40)):
            these = (
                (seen.frequency == x) & (seen.recency >= recent[0]) & (seen.recency <= recent[1])
            )
            history = seen.frequency[these], seen.recency[these], seen.age[these]
            alive = model.probability_alive(*history)
            error = np.sqrt(np.mean(alive * (1 - alive)) / these.sum()) + 1e-12
            assert abs(buyers.is_alive[these].mean() - alive.mean()) < 4 * error
            orders = model.expected_orders(*history, 26.0)
            ahead = buyers.orders_ahead[these]
            assert abs(ahead.mean() - orders.mean()) < 4 * ahead.std() / np.sqrt(these.sum())
    repeats = seen.frequency
    error = 4 * repeats.std() / np.sqrt(len(repeats))
    assert abs(repeats.mean() - model.expected_repeats(40.0)) < error


def test_who_bought_once_is_never_lost_in_bg_and_may_be_in_mbg() -> None:
    assert PurchaseModel(**TRUE, kind="bg").probability_alive(0, 0, 1e6) == 1
    mbg = PurchaseModel(**TRUE, kind="mbg")
    assert mbg.probability_alive(0, 0, 0) == pytest.approx(1.6 / (0.9 + 1.6))
    assert mbg.probability_alive(0, 0, 1e6) < 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_the_gradient_is_that_of_the_likelihood(kind: Kind) -> None:
    seen = simulate(PurchaseModel(**TRUE, kind=kind), np.full(300, 30.0), 1.0, seed=3).histories
    data = _Distinct(seen, kind)
    logs = np.log([0.6, 5.0, 0.7, 2.0])
    gradient = _log_likelihood(logs, data)[1]
    for i, unit in enumerate(np.eye(4)):
        sides = [_log_likelihood(logs + step * unit, data)[0] for step in (1e-6, -1e-6)]
        assert gradient[i] == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_grouped_is_ungrouped_and_the_unit_of_time_is_free(kind: Kind) -> None:
    model = PurchaseModel(**TRUE, kind=kind)
    ages = np.random.default_rng(1).integers(100, 300, 3000).astype(float)
    raw = simulate(PurchaseModel(0.5, 40.0, 0.9, 1.6, kind), ages, 1.0, seed=11).histories
    seen = Histories.of(raw.frequency, np.ceil(raw.recency), raw.age)
    grouped = seen.grouped()
    assert len(grouped.age) < len(seen.age)
    assert grouped.total == seen.total
    assert log_likelihood(model, grouped) == pytest.approx(log_likelihood(model, seen), rel=1e-12)
    days, found = fit_purchases(grouped, kind)
    single, _ = fit_purchases(seen, kind)
    weeks, found_weeks = fit_purchases(grouped.scaled(1 / 7), kind)
    for name in ("r", "a", "b"):
        assert getattr(single, name) == pytest.approx(getattr(days, name), rel=1e-5)
        assert getattr(weeks, name) == pytest.approx(getattr(days, name), rel=1e-5)
    assert weeks.alpha * 7 == pytest.approx(days.alpha, rel=1e-5)
    repeats = (seen.frequency).sum()
    assert found_weeks.log_likelihood == pytest.approx(
        found.log_likelihood + repeats * np.log(7), abs=1e-6
    )
    assert weeks.expected_orders(2, 10, 30, 4) == pytest.approx(
        days.expected_orders(2, 70, 210, 28), rel=1e-5
    )


def test_a_shop_of_one_time_buyers_tells_nothing() -> None:
    once = Histories.of([0, 0, 0], [0, 0, 0], [3, 2, 0])
    with pytest.raises(NotIdentifiable, match="second time"):
        fit_purchases(once)
    with pytest.raises(NotIdentifiable, match="second time"):
        fit_purchases(Histories.of([], [], []))
    with pytest.raises(NotIdentifiable, match="no time"):
        fit_purchases(Histories.of([1], [0], [0]))


@pytest.mark.parametrize(
    "rows",
    [
        ([1, 0], [5, 0], [9, 9]),
        ([30] * 50, [99] * 50, [99] * 50),  # nobody ever leaves, all alike
        ([1] * 50, [1] * 50, [99] * 50),  # everybody leaves at once
        ([500, 0, 0], [90, 0, 0], [91, 0, 50]),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_odd_shops_give_finite_figures(
    rows: tuple[list[float], list[float], list[float]], kind: Kind
) -> None:
    histories = Histories.of(*rows)
    model, estimates = fit_purchases(histories, kind)
    orders = model.expected_orders(histories.frequency, histories.recency, histories.age, 365)
    assert np.isfinite(orders).all()
    assert (orders >= 0).all()
    assert estimates.covariance is None or np.isfinite(estimates.covariance).all()
    assert estimates.covariance is not None or estimates.intervals() is None


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (([1, 2], [0], [3]), "one length"),
        (([1], [np.nan], [3]), "finite"),
        (([0.5], [1], [3]), "counts from 0"),
        (([1], [4], [3]), "between 0 and age"),
        (([0], [1], [3]), "bought once"),
        (([1], [1], [3], [0]), "belongs to somebody"),
    ],
)
def test_histories_that_cannot_be_are_refused(rows: tuple, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Histories.of(*rows)
