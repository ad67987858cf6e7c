"""sBG: identities of survival and retention, recovery, residual lifetime as a sum."""

import numpy as np
import pytest

from dagster_project.predictions.models.fitting import NotIdentifiable
from dagster_project.predictions.models.sbg import (
    DRAWS,
    SEED,
    ContractModel,
    draw_contracts,
    fit_contracts,
    learn_contracts,
)

MODEL = ContractModel(0.7, 1.2)


def test_survival_is_the_product_of_retention_which_rises() -> None:
    periods = np.arange(1, 20)
    assert MODEL.survival(periods) == pytest.approx(np.cumprod(MODEL.retention(periods)))
    assert (np.diff(MODEL.retention(periods)) > 0).all()
    assert MODEL.survival(0) == 1


def test_cohorts_of_any_age_are_fitted_together() -> None:
    exact = [1000 * MODEL.survival(np.arange(ages)) for ages in (12, 5, 2, 1)]
    model, estimates = fit_contracts(exact)
    assert (model.alpha, model.beta) == pytest.approx((0.7, 1.2), rel=1e-4)
    assert estimates.intervals() is not None


def test_residual_lifetime_is_the_discounted_sum_of_survival() -> None:
    for renewals in (0, 3):
        ahead = np.arange(1, 4000)
        survival = MODEL.survival(renewals + ahead) / MODEL.survival(renewals)
        total = (survival / 1.1 ** (ahead - 1)).sum()
        assert MODEL.discounted_residual_lifetime(renewals, 0.1) == pytest.approx(total, rel=1e-9)
    with pytest.raises(ValueError, match="above 0"):
        MODEL.discounted_residual_lifetime(0, 0)


@pytest.mark.parametrize(
    ("cohorts", "sentence"),
    [
        ([], "nobody has left"),
        ([[10, 10, 10]], "nobody has left"),
        ([[10, 0]], "nobody has renewed"),
    ],
)
def test_cohorts_that_tell_nothing(cohorts: list[list[float]], sentence: str) -> None:
    with pytest.raises(NotIdentifiable, match=sentence):
        fit_contracts(cohorts)


@pytest.mark.parametrize(("cohort", "fault"), [([10, 11], "grow"), ([10, np.nan], "counts")])
def test_cohorts_that_cannot_be_are_refused(cohort: list[float], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        fit_contracts([cohort])


@pytest.mark.parametrize(
    ("cohorts", "reason"),
    [
        ([], "complete renewals seen: 0, fewer than 2"),
        ([[100], [90, 60]], "complete renewals seen: 1, fewer than 2"),
        ([[100, 100, 100]], "nobody has left yet"),
        ([[100, 0, 0]], "nobody has renewed yet"),
        ([[1000, 900, 810, 729]], "subscribers differ too little to tell alpha and beta apart"),
    ],
)
def test_a_reason_stands_where_cohorts_tell_too_little(
    cohorts: list[list[int]], reason: str
) -> None:
    learnt = learn_contracts(cohorts)
    assert (learnt.model, learnt.reason) == (None, reason)


#: Two years of cohorts as the model has them, to whole customers.
LIKE_THE_MODEL = [np.round(80 * MODEL.survival(np.arange(ages))) for ages in range(3, 13)]


def test_draws_scatter_as_the_covariance_of_the_fit_says() -> None:
    model, estimates = fit_contracts(LIKE_THE_MODEL)
    drawn = draw_contracts(LIKE_THE_MODEL, model)
    assert estimates.covariance is not None
    for values, middle, variance in zip(
        (drawn.model.alpha, drawn.model.beta),
        (model.alpha, model.beta),
        np.diag(estimates.covariance),
        strict=True,
    ):
        logs = np.log(np.asarray(values)[:, 0])
        assert logs.shape == (DRAWS,)
        assert logs.mean() == pytest.approx(np.log(middle), abs=0.05)
        assert logs.std() == pytest.approx(np.sqrt(variance), rel=0.15)


@pytest.mark.parametrize("model", [MODEL, ContractModel(4.8, 55.8), ContractModel(50, 450)])
def test_each_drawn_shop_has_the_model_of_greatest_likelihood(model: ContractModel) -> None:
    """Also where subscribers hardly differ, so that many pairs of parameters fit nearly alike."""
    sizes = [np.round(80 * model.survival(np.arange(ages))) for ages in range(3, 13)]
    drawn = draw_contracts(sizes, model)
    again = draw_contracts(sizes, model)
    assert np.array_equal(drawn.model.alpha, again.model.alpha)
    # the same shops, each fitted by itself by another method
    dice = np.random.default_rng(SEED)
    shops: list[list[np.ndarray]] = [[] for _ in range(DRAWS)]
    for cohort in sizes:
        survival = model.survival(np.arange(len(cohort)))
        leaving = np.append(survival[:-1] - survival[1:], survival[-1])
        for shop, left_at in zip(
            shops, dice.multinomial(int(cohort[0]), leaving, size=DRAWS), strict=True
        ):
            shop.append(cohort[0] - np.append(0, np.cumsum(left_at[:-1])))
    numbers = np.array([1, 5, 12])
    for number in range(0, DRAWS, 10):
        alone, _ = fit_contracts(shops[number])
        together = drawn.model.survival(numbers)[number]
        assert together == pytest.approx(alone.survival(numbers), abs=2e-3)


def test_the_interval_of_a_projection_holds_it_and_widens_with_distance() -> None:
    model, _ = fit_contracts(LIKE_THE_MODEL)
    drawn = draw_contracts(LIKE_THE_MODEL, model)
    numbers = np.arange(0, 40)
    low, high = drawn.interval(drawn.model.survival(numbers))
    assert (low <= model.survival(numbers)).all()
    assert (model.survival(numbers) <= high).all()
    relative = (high - low) / model.survival(numbers)
    assert (np.diff(relative) > 0).all()
    assert low[0] == high[0] == 1


def test_a_shop_that_renews_in_another_way_is_told() -> None:
    model, _ = fit_contracts(LIKE_THE_MODEL)
    as_modelled = draw_contracts(LIKE_THE_MODEL, model)
    assert as_modelled.share_as_bad is not None
    assert as_modelled.share_as_bad > 0.5
    assert as_modelled.rejects is False
    # a third leave at once, and half of the rest when an offer is over
    yearly = [[200, 140, 125, 118, 60, 57, 55]] * 3
    learnt = learn_contracts(yearly)
    assert learnt.model is not None
    drawn = draw_contracts(yearly, learnt.model)
    assert drawn.share_as_bad == pytest.approx(1 / (1 + DRAWS))
    assert drawn.rejects is True


def test_two_renewals_fit_any_two_parameters() -> None:
    cohorts = [[100, 60, 45]]
    drawn = draw_contracts(cohorts, ContractModel(0.7, 1.2))
    assert (drawn.share_as_bad, drawn.rejects) == (None, None)
